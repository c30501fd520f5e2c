#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One user's first hour, in a fresh clone: tests/users/run.sh NAME. `make users` runs all of them.
#
# The clone is of what is committed here and lies in build/users/NAME. It goes when the hour went well, and
# stays for a look when it did not.
set -euo pipefail
name=$1
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
clone=$root/build/users/$name
if [[ -n $(git -C "$root" status --porcelain) ]]; then
  echo "users: what is not committed is not in the clone" >&2
fi
mkdir -p "$root/build/users"
rm -rf "$clone"
git clone -q "$root" "$clone"
cd "$clone"
start=$SECONDS
# Without what this one's make exported: the clone has caches of its own.
for cache in $(python3 host/edgemoe/caches.py); do unset "${cache%%=*}"; done
unset MAKEFLAGS MAKELEVEL TMPDIR
bash "tests/users/$name.sh"
if [[ -n $(git status --porcelain) ]]; then
  git status --short >&2
  echo "users: $name: the hour left changes that git sees" >&2
  exit 1
fi
echo "users: $name took $((SECONDS - start)) s"
rm -rf "$clone"
