# Every target sets up what it needs: a virtual environment in $(VENV), made by $(PYTHON).

VENV ?= .venv
SEED ?= $(shell date +%j)
PYTHON ?= $(firstword $(foreach candidate,python3.11 python3.12 python3,$(call suitable,$(candidate))))

# A name that can run, is new enough and can make environments (a pyenv shim may exist and not run).
suitable = $(shell $(1) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $(1))

BIN = $(VENV)/bin
STAMP = $(VENV)/.modelc-installed

# Pyright with the Node.js from PyPI, whatever the machine has, and no look-up of newer versions.
export PYRIGHT_PYTHON_GLOBAL_NODE = 0
export PYRIGHT_PYTHON_IGNORE_WARNINGS = 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test nightly check lint bench format docs clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment (VENV=.venv, PYTHON=python3.11)

demo: $(STAMP) ## Compile a network with early exits and compare every path with eager PyTorch
	@mkdir -p build
	$(BIN)/modelc compile samples/early_exit.py -o build/early_exit.modelc --dump-ir build/early_exit-ir
	$(BIN)/modelc inspect build/early_exit.modelc
	$(BIN)/modelc run build/early_exit.modelc --inputs samples/early_exit.py --compare
	$(BIN)/python samples/early_exit.py

test: $(STAMP) ## Run all tests on two cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

nightly: $(STAMP) ## Compare 2,000 new random programs, and all samples as ONNX files, with eager (SEED=0)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 tests/e2e/test_samples.py -k onnx --every-sample
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 tests/e2e/test_random_programs.py \
		--random-programs 2000 --random-seed $(SEED)

check: lint test ## Run what CI runs: format, lint, types, tests

lint: $(STAMP) ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(STAMP) ## Measure everything that README.md shows: an hour on an idle machine
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/dynamic.py
	$(BIN)/python benchmarks/passes.py
	$(BIN)/python benchmarks/loop.py
	$(BIN)/python benchmarks/compile_time.py
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/tiny.py

format: $(STAMP) docs ## Format the code, apply safe fixes, regenerate the reference pages
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## Regenerate docs/reference from the classes and tables in the code
	$(BIN)/python -m modelc.compiler.reference docs/reference

clean: ## Remove everything that was built, the environment too
	rm -rf build dist $(if $(wildcard $(STAMP)),$(VENV))

# An environment that carries our stamp is made anew; one that we did not make is only added to.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { \
		echo "error: no Python >= 3.11 with venv found; name one: make PYTHON=/path/to/python" >&2; \
		exit 1; }
	@echo "setting up $(VENV) with $(PYTHON); this takes a few minutes once" >&2
	@$(PYTHON) -m venv $(if $(wildcard $(STAMP)),--clear) $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e '.[dev]'
	@touch $@
