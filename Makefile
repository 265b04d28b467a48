# The two commands of the README, and what a contributor needs. Everything is set up in .venv, once.

# Tried in this order; name another one with: make PYTHON=/path/to/python3.12 report
PYTHON ?= python3 python3.13 python3.12 python3.11

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
PINS := pyproject.toml constraints.txt

.PHONY: report test lint bench clean

report: .venv/installed ## the report of the default matrix, or of reportgen.toml where there is one
	$(BIN)/reportgen build

test: .venv/installed-dev ## every test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: .venv/installed-dev ## style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed ## what a user waits for, and what a step costs
	$(BIN)/python benchmarks/build.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/optimizers.py

clean: ## everything that can be made again
	rm -rf .venv build dist node_modules output *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

.venv/installed: $(PINS) | .venv/bin/python
	@echo "Installing into .venv (TensorFlow is large: the first time takes a few minutes)"
	$(PIP) --editable .
	@touch $@

.venv/installed-dev: $(PINS) | .venv/bin/python
	@echo "Installing into .venv (TensorFlow is large: the first time takes a few minutes)"
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/installed

.venv/bin/python:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
			"$$python" -m venv --clear .venv || { rm -rf .venv; exit 1; }; \
			exit 0; \
		fi; \
	done; \
	echo "reportgen needs Python 3.11, 3.12 or 3.13, and none of these is one: $(PYTHON)." >&2; \
	exit 1
