# Set-up and the two commands of the README: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo check test docs lint venv dev

venv: $(VENV)/.installed
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -e .
	touch $@

dev: $(VENV)/.installed-dev
$(VENV)/.installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -e '.[dev,ray]'
	touch $@ $(VENV)/.installed

demo: venv
	$(BIN)/curate build examples/raw/ out/
	@echo 'The articles are in out/data, what was removed from them in out/removed; start with out/README.md.'

check: dev
	$(BIN)/curate check golden/

test: dev
	$(BIN)/python -m pytest

docs: dev
	$(BIN)/python docs/generate.py

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
