# Everything a developer does, one word each. `make` alone lists the words.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
UV := $(BIN)/uv
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/dev.lock)
LOCK_FLAGS := --universal --generate-hashes --no-emit-index-url --no-header --quiet --custom-compile-command "make lock"

.PHONY: help setup lock clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv from the hashed lock (a second call is instant)

# --no-build-isolation: hatchling comes from the lock too, so nothing unlocked is fetched.
$(STAMP): requirements/dev.lock pyproject.toml hatch_build.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "set up: $$($(BIN)/python --version) in $(VENV)"

lock: ## remake requirements/*.lock with the newest versions that pyproject.toml allows
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) pip compile $(LOCK_FLAGS) --upgrade --all-extras --group dev --output-file requirements/dev.lock pyproject.toml
	@$(UV) pip compile $(LOCK_FLAGS) --constraint requirements/dev.lock --output-file requirements/run.lock pyproject.toml
	@! grep -nE '[a-z]+://' requirements/*.lock

clean: ## remove what make made (not ./data)
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
