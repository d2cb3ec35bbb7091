# Everything a developer does, one word each. `make` alone lists the words.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PAGES := hub/web/static/app/index.html
UV := $(BIN)/uv
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/dev.lock)
LOCK_FLAGS := --universal --generate-hashes --no-emit-index-url --no-header --quiet --custom-compile-command "make lock"

# Debian keeps mosquitto and ip where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
TYPED := $(wildcard hub integrations simulator cloud benchmarks)
ARGS ?=

.PHONY: help setup frontend services broker demo run test scenarios faults soak check lint bench kill-test wheel lock clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(PAGES) ## make .venv from the hashed lock, and the pages (a second call is instant)

# --no-build-isolation: hatchling comes from the lock too, so nothing unlocked is fetched.
$(STAMP): requirements/dev.lock pyproject.toml hatch_build.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "set up: $$($(BIN)/python --version) in $(VENV)"

frontend: $(PAGES) ## build the pages from frontend/, if anything there has changed

$(PAGES): $(STAMP) $(shell find frontend -name node_modules -prune -o -type f -print)
	@$(BIN)/python hatch_build.py
	@test ! -e $@ || touch $@

services:
	@packaging/test-services

broker:
	@packaging/test-services mosquitto mosquitto_sub

demo: setup broker ## a simulated site with a hub, until Ctrl-C; ARGS="--speed 60 --seed 7" goes to evhub demo
	@exec $(BIN)/evhub demo $(ARGS)

run: setup ## the hub on this machine's network, its files in ./data
	@exec $(BIN)/evhub run --data ./data $(ARGS)

test: setup services ## all tests; ARGS="tests/hub/balance -k garage" for some
ifeq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest --ignore=tests/faults
	@$(MAKE) faults
else
	@$(BIN)/python -m pytest $(ARGS)
endif

scenarios: setup services ## only the scenarios of a whole site
	@$(BIN)/python -m pytest -m scenario $(ARGS)

# Mostly waiting: three sites side by side take less than half of a core.
faults: setup services ## a running site loses its parts one by one; the last part of make test
	@$(BIN)/python -m pytest tests/faults -n 3 --dist worksteal $(ARGS)

soak: setup services ## five minutes of random faults at speed 60; ARGS="--seconds 300 --seed 1"
	@$(BIN)/python -m tests.faults.soak $(ARGS)

kill-test: setup services ## kill -9 at random under a busy site: TARGET=hub or all, N=1000, DATABASE=sqlite or postgresql
	@$(BIN)/python -m tests.kill --target $(or $(TARGET),hub) --times $(or $(N),1000) --database $(or $(DATABASE),sqlite) \
		--seed $(or $(SEED),1)

# Every lint has its say before the first complaint ends it.
lint: setup
	@failed=; \
	$(BIN)/ruff check --quiet . || failed=1; \
	$(BIN)/ruff format --quiet --check . || failed=1; \
	$(BIN)/mypy --no-error-summary $(TYPED) || failed=1; \
	$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; failed=1; }; \
	test -z "$$failed"
	@echo "lint: ruff, mypy --strict and the import contracts are content"

check: lint test ## what CI runs: lints, types, import contracts, tests (the documents' tests are among them)

bench: setup ## repeatable measurements, each a ratio against a peer or a raw limit in one run
	@$(BIN)/python -m benchmarks $(ARGS)

wheel: setup ## build dist/evhub-*.whl
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . >$(VENV)/build.txt || { cat $(VENV)/build.txt; exit 1; }
	@ls dist

lock: ## remake requirements/*.lock with the newest versions that pyproject.toml allows
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) pip compile $(LOCK_FLAGS) --upgrade --all-extras --group dev --output-file requirements/dev.lock pyproject.toml
	@$(UV) pip compile $(LOCK_FLAGS) --constraint requirements/dev.lock --extra pg --output-file requirements/run.lock pyproject.toml
	@$(UV) pip compile $(LOCK_FLAGS) --constraint requirements/dev.lock --group build --output-file requirements/build.lock
	@! grep -nE '[a-z]+://' requirements/*.lock

clean: ## remove what make made (not ./data)
	@rm -rf $(VENV) build dist frontend/node_modules hub/web/static/app .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
