# From a clean clone on Debian 12: `make demo`, `make test`. Everything else is listed by `make`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.SUFFIXES:

VENV := .venv
PYTHON := $(VENV)/bin/python
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hotline
CONFIG ?= hotline.toml
ONCE ?=
PYTEST ?=

COMPILE := -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
  --no-emit-trusted-host --no-emit-find-links --no-emit-options

.PHONY: help setup setup-test demo test nightly fresh lint check bench doctor lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Install what running needs: Debian packages, environment, telephone engine
	@admin/install/packages.sh run build
	@admin/install/environment.sh $(VENV) run
	@admin/install/engine.sh $(PYTHON) "$(CACHE)"

setup-test: ## The same, and what the tests need
	@admin/install/packages.sh run build test
	@admin/install/environment.sh $(VENV) test
	@admin/install/engine.sh $(PYTHON) "$(CACHE)"
	@admin/install/wheel.sh $(PYTHON) build/wheel

demo: setup ## Start everything and run real calls through it; ONCE=1 ends after them with JSON
	@$(VENV)/bin/hotline demo $(if $(ONCE),--once)

test: lint ## Run all tests in two streams, after lint; PYTEST="-k word" passes options on
	@mkdir -p build; status=0; \
	  tests/streams.sh $(VENV)/bin/pytest $(PYTEST) || status=$$?; \
	  echo $$status > build/pytest.status; exit $$status

nightly: setup-test ## The queue's property test with a million steps: two hours (STEPS=N for others)
	@HOTLINE_STEPS=$(or $(STEPS),nightly) $(VENV)/bin/pytest -q tests/integration/test_queue_property.py

fresh: ## `make demo` twice on a Debian that has nothing, in a folder: as root, with debootstrap
	@tests/fresh.sh

lint: setup-test ## Format, lint, types, import contracts
	@tests/lint.sh $(VENV)/bin

check: lint ## What must be clean before a commit: lint and the unit tests
	$(VENV)/bin/pytest -q tests/unit

bench: setup-test ## Measure: CPU per conversation, INVITE to 200, calls per second, the queue
	@$(PYTHON) -m tests.bench

doctor: setup ## Say what works, what falls short, and what to do about it
	@$(VENV)/bin/hotline doctor --config $(CONFIG)

lock: ## Write the requirements locks anew from the .in files
	@[ -x build/lock/bin/pip-compile ] || { python3 -m venv build/lock && build/lock/bin/pip install -q pip-tools; }
	build/lock/bin/pip-compile $(COMPILE) --upgrade -o requirements.txt requirements.in
	build/lock/bin/pip-compile $(COMPILE) --upgrade -o requirements-dev.txt requirements-dev.in

clean: ## Remove what can be made again (not the state folder, not hotline.toml)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
