# `make` alone lists the targets. Everything below needs make and Python >= 3.11 with pip, no more.

# Another interpreter: make setup PYTHON=python3.13
PYTHON ?= python3
# More for the tests: make test ARGS='-k relay -x'
ARGS ?=
# The suite in another Debian, as root: make test SERVERS=trixie (or forky). CONTRIBUTING.md has more.
SERVERS ?=
# How long a soak breaks things, and the seed of another one to repeat it.
MINUTES ?= 60
SEED ?=

VENV := .venv
BIN := $(VENV)/bin
# Three on two cores: many tests wait for something to go away or to come back. Each worker has servers
# of its own and takes whole files; a broker that is given serves one.
# The slow files come first (no reordering), so that the quick ones fill up what time is left.
WORKERS ?= $(if $(REFERRALS_RABBITMQ_URL)$(DISPATCH_RABBITMQ_URL),0,3)
READY := $(VENV)/.ready
ALL_TESTS := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-unit soak check bench fmt schemas

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from uv.lock (the other targets do it where it is missing)
	@:

demo: setup ## send referrals to four partners and watch them arrive; leaves nothing running
	@$(BIN)/handoff demo

up: setup ## the same services, left running until Ctrl-C
	@$(BIN)/handoff up

ifeq ($(SERVERS),)
test: setup ## all tests, with real servers; SERVERS=trixie or forky: with later ones
	@$(ALL_TESTS) $(ARGS)
else
test:
	@tests/in_debian.sh '$(SERVERS)' WORKERS='$(WORKERS)' ARGS='$(subst ','\'',$(ARGS))'
endif

test-unit: setup ## the tests that need no server
	@$(BIN)/pytest tests/unit -q $(ARGS)

soak: setup ## everything is broken at random for an hour: make soak MINUTES=60 SEED=42
	@$(BIN)/python -m tests.faults.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

check: setup ## format, lint, types, import rules and all tests: what CI runs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(ALL_TESTS) $(ARGS)

bench: setup ## measurements, beside the limits and the peers
	@$(BIN)/python -m bench $(ARGS)

fmt: setup ## format, and fix what ruff can fix
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

schemas: setup ## write what is generated: schemas, settings, lifecycles, TypeScript's types
	@$(BIN)/handoff schemas
	@$(BIN)/python -m tests.support.typescript

# Without ensurepip, which Debian keeps in a package of its own (python3-venv).
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed, and $(PYTHON) is not: install it, or name it: make setup PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
	  echo "$(PYTHON) has no pip: install it (Debian and Ubuntu: apt-get install python3-pip)" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@$(BIN)/uv --version >/dev/null 2>&1 || $(PYTHON) -m pip --quiet --python $(BIN)/python install uv
	@$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@
