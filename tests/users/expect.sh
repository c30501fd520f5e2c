# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of this folder.

# status WANTED command...: run it, and stop unless it ends with that status. Its output is in build/said.
status() {
  local wanted=$1 got=0
  shift
  mkdir -p build
  "$@" >build/said 2>&1 || got=$?
  if [[ $got != "$wanted" ]]; then
    cat build/said >&2
    echo "users: status $got, expected $wanted: $*" >&2
    exit 1
  fi
  if grep -q '^Traceback' build/said; then
    cat build/said >&2
    echo "users: a traceback from: $*" >&2
    exit 1
  fi
}

# said TEXT: the last command of `status` said this.
said() {
  if ! grep -qF -- "$1" build/said; then
    cat build/said >&2
    echo "users: nobody said: $1" >&2
    exit 1
  fi
}

# field FILE.json EXPRESSION: print a value of a JSON file; `it` is the document.
field() {
  .venv/bin/python -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# holds FILE.json EXPRESSION: stop unless it is true.
holds() {
  if [[ $(field "$1" "bool($2)") != True ]]; then
    echo "users: $1: not true: $2" >&2
    exit 1
  fi
}
