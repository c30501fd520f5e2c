# SPDX-License-Identifier: Apache-2.0
# The front door: each target sets up what it needs and calls one command. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first interpreter here that runs and has a version that every pinned package supports.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

# Every cache and temporary file stays inside the checkout; nothing is written to the home folder. The list of
# caches is FOLDERS in host/edgemoe/caches.py.
TEMPORARY := $(CURDIR)/build/tmp
export TMPDIR := $(TEMPORARY)
$(foreach cache,$(if $(PYTHON),$(shell mkdir -p build/tmp && $(PYTHON) host/edgemoe/caches.py)), \
	$(eval export $(subst =, := $$(CURDIR)/build/cache/,$(cache))))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

MODEL ?= nano
BOARD ?=
IMAGE ?=
TASK ?= both
OUT ?=
WAVES ?=
FUZZ ?= 20000
PROGRAMS ?= 200
FIRST ?= 0
ONLY ?=
WHO ?=
# Recipes read them from the environment, so that a name may hold spaces, quotes and dollar signs.
VALUES := MODEL BOARD IMAGE TASK OUT WAVES
$(foreach name,$(VALUES),$(eval export _$(name) := $$(value $(name))))

##@ Main

help:  ## this list
	@awk -F ':.*?  ## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*  ## / {sub(/:.*/, "", $$1); printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

cosim: $(VENV)/.cosim  ## one image through the RTL of the whole accelerator [MODEL= BOARD= IMAGE= TASK= OUT= WAVES=1]
	@$(BIN)/edgemoe cosim --model "$$_MODEL" $${_BOARD:+--board "$$_BOARD"} --task "$$_TASK" $${_IMAGE:+--image "$$_IMAGE"} \
		$${_OUT:+--out "$$_OUT"} $${_WAVES:+--waves}

test: $(VENV)/.dev  ## all tests that a change must pass
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: $(VENV)/.dev  ## formatting, lint, types, links
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	git ls-files -z 'hls/*.hpp' 'hls/*.cpp' 'hls/*.h' | xargs -0 -r $(BIN)/clang-format --dry-run --Werror
	$(BIN)/python docs/check_links.py
	$(BIN)/python -m pytest -q tests/test_architecture.py

##@ Parts

synth: $(VENV)/.cosim  ## C++ to SystemVerilog for the accelerator, and what it takes of the board's fabric [BOARD=]
	$(BIN)/edgemoe synth --resources $${_BOARD:+--board "$$_BOARD"} --out "build/synth/$${_BOARD:-sim-small}"

csim: $(VENV)/.cosim  ## one image through the C++ kernels compiled natively [MODEL= IMAGE=]
	$(BIN)/edgemoe infer --backend csim --model "$$_MODEL" $${_IMAGE:+--image "$$_IMAGE"} --out "$${_OUT:-build/csim}"

train: $(VENV)/.dev  ## train a model on the street scenes [MODEL=]
	$(BIN)/edgemoe train --model "$$_MODEL"

models: $(VENV)/.dev  ## quantise the checkpoints in models/, measure them on validation scenes, print the table
	$(BIN)/python -m edgemoe.quant.ship

quantisation: $(VENV)/.dev  ## figures of the page on quantisation, on 512 validation scenes; an hour on two cores [PARTS="far ways budget accuracy"]
	$(BIN)/python docs/make_quantisation.py $(PARTS)
	$(BIN)/python docs/make_tables.py

accuracy: $(VENV)/.dev  ## train variants of a network alike and measure each at every width; `tiny` wants a GPU [ONLY="k2 k4"]
	$(BIN)/python docs/make_accuracy.py $(addprefix --only ,$(ONLY))
	$(BIN)/python docs/make_tables.py

fuzz: $(VENV)/.dev  ## every loader on damaged files [FUZZ=20000]
	$(BIN)/python tests/fuzz/campaign.py --count $(FUZZ)

fuzz-compiler: $(VENV)/.cosim  ## random C++ programs through every opinion on them; goes on where its log ends [PROGRAMS=200 FIRST=0]
	PYTHONPATH=tests/compiler $(BIN)/python -m fuzzing run --first $(FIRST) --count $(PROGRAMS)

netlists: $(VENV)/.dev  ## programs and kernels as Yosys' netlists against their native builds, where their hardware changed [ONLY=kernels/gelu]
	PYTHONPATH=tests/compiler $(BIN)/python -m netlists $(ONLY)

mutate: $(VENV)/.dev  ## mutations of C++, golden and compiler, each of which a test must catch
	$(BIN)/edgemoe mutate

bench: $(VENV)/.dev  ## regenerate every figure that the docs quote (not built yet)
	$(BIN)/edgemoe bench

compile-times: $(VENV)/.dev  ## CPU time of the compiler: LLVM's part of a wide array against a quarter of it, the accelerator
	$(BIN)/python tests/compiler/measure.py

bitstream: $(VENV)/.cosim  ## all that Vivado needs for a bitstream, and the bitstream if Vivado is there [BOARD= OUT=]
	$(BIN)/edgemoe bitstream --board "$${_BOARD:-sim-small}" $${_OUT:+--out "$$_OUT"}

users:  ## the first hour of five users, each in a fresh clone with its own .venv; long [WHO=ml_engineer]
	for name in $(or $(WHO),ml_engineer fpga_engineer pynq_user researcher wheel_user); do tests/users/run.sh $$name; done

pynq-matrix: $(VENV)/.cosim  ## three releases of PYNQ, and NumPy 2, each in an environment of its own below build/pynq
	@$(PYTHON) tests/pynq/matrix.py $(BIN)/python

##@ Upkeep

setup: $(VENV)/.dev  ## .venv with everything a developer needs

format: $(VENV)/.dev  ## rewrite Python and C++ in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files -z 'hls/*.hpp' 'hls/*.cpp' 'hls/*.h' | xargs -0 -r $(BIN)/clang-format -i

docs: $(VENV)/.dev  ## the documentation as a site in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo 'build/site/index.html; search needs a server: $(BIN)/python -m http.server --directory build/site'

tables: $(VENV)/.cosim  ## the generated tables and diagrams of the documentation
	$(BIN)/python docs/make_tables.py
	$(BIN)/python docs/make_diagrams.py
	$(BIN)/python tests/program/machine_tables.py
	$(BIN)/python tests/pynq/calls.py

pictures: $(VENV)/.dev  ## pictures and figures of README, tutorial and the page on waves, from cosimulations
	$(BIN)/edgemoe cosim --out build/cosim/readme
	$(BIN)/python docs/make_readme.py build/cosim/readme
	$(BIN)/edgemoe random-package --model nano --seed 1 --layers 1 --out build/waves/model.safetensors
	$(BIN)/edgemoe cosim --model build/waves/model.safetensors --task depth --out build/waves/plain
	$(BIN)/edgemoe cosim --model build/waves/model.safetensors --task depth --waves --out build/waves/run
	$(BIN)/python docs/make_waves.py build/waves/run build/waves/plain
	rm build/waves/run/waves.fst
	$(BIN)/edgemoe synth examples/fir/fir.cpp --top fir --waves --overlay build/waves/fir
	$(BIN)/python -m edgemoe.sim --waves build/waves/fir.fst examples/fir/filter_noise.py build/waves/fir/fir.bit 40
	$(BIN)/python docs/make_kernel_waves.py build/waves/fir.fst
	$(BIN)/python docs/make_demo.py

full-size: $(VENV)/.dev  ## figures of the page on the model at full size, from fifteen cosimulations on the builds of the ZCU102; minutes
	$(BIN)/python docs/make_full_size.py

beyond: $(VENV)/.dev  ## figures of the page on what goes beyond the paper, from validation scenes and cosimulations; half an hour
	$(BIN)/python docs/make_beyond.py

resources: $(VENV)/.dev  ## what every board's accelerator takes of its fabric; half an hour for a large one [BOARD=]
	$(BIN)/python docs/make_resources.py $${_BOARD:+"$$_BOARD"}
	$(BIN)/python docs/make_tables.py

notebooks: $(VENV)/.dev  ## run the notebooks and the examples, and write their outputs into them
	$(BIN)/python docs/make_notebooks.py
	$(BIN)/python docs/make_examples.py

wheel: $(VENV)/.dev  ## the Python package as a wheel in dist/
	$(BIN)/pip wheel --no-deps --wheel-dir dist .

lock:  ## resolve the lock files anew [PYTHON=python3.10, the oldest supported]
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install -q pip-tools
	build/lock/bin/python requirements/lock.py

clean:  ## remove build/; .venv stays
	rm -rf build

.PHONY: help cosim test check synth csim train models fuzz fuzz-compiler netlists mutate bench compile-times bitstream users pynq-matrix setup format docs tables pictures full-size beyond resources notebooks wheel lock clean

# A virtual environment has one stamp a lock file: the cosimulation's, without torch, and everything.
$(BIN)/python:
	@[ -n '$(PYTHON)' ] || { echo 'edgemoe needs Python 3.10, 3.11 or 3.12; none was found. Set PYTHON=...' >&2; exit 2; }
	@echo 'making $(VENV) with $(PYTHON)' >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.cosim: requirements/cosim.lock pyproject.toml | $(BIN)/python
	@$(BIN)/python requirements/install.py requirements/cosim.lock
	@$(BIN)/pip install -q --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.cosim
	@$(BIN)/python requirements/install.py requirements/dev.lock
	@touch $@
