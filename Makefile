# The two commands of the README, and commands for contributors. .venv is set up on first use.

# The first of these that works is used. Choose another one with: make PYTHON=/path/to/python3.12 report
PYTHON ?= python3 python3.13 python3.12 python3.11

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
PINS := pyproject.toml constraints.txt
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

.PHONY: report test quick lint docs bench clean

report: .venv/installed ## write the report of reportgen.toml, or of the default matrix
	$(BIN)/reportgen build

test: .venv/installed-dev ## run all tests
	$(PYTEST)

quick: .venv/installed-dev ## run the fast tests: no compilation, worker or browser
	$(PYTEST) -m 'not slow'

lint: .venv/installed-dev ## check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/installed-dev ## build the documentation as a site, docs/_build/index.html; a warning is an error
	$(BIN)/python -m sphinx -q --fresh-env --fail-on-warning --keep-going docs docs/_build

bench: .venv/installed ## time builds, reports and steps
	$(BIN)/python benchmarks/build.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/optimizers.py

clean: ## remove all generated files
	rm -rf .venv build dist docs/_build node_modules output *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

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
	echo "reportgen needs Python 3.11, 3.12 or 3.13; found none of: $(PYTHON)." >&2; \
	exit 1
