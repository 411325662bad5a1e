# Needs make, Python 3.11 to 3.13 and a place to download packages from; nothing else.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

# The first interpreter that starts and is of a supported version. `make PYTHON=…` takes another.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3 python; do \
	if $$each -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$each; break; fi; done)

# Extra words for the command behind `run`, `test` and `bench`: make test ARGS="-k lineage -x"
ARGS ?=

# Tests that start servers and daemons gain nothing from more. To debug one: make test WORKERS= ARGS="--pdb"
WORKERS ?= -n auto --maxprocesses 4 --dist loadfile

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help run test ui check format docs bench demo-artifacts lock clean

help: ## show this list
	@echo "usage: make <target>"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-16s %s\n", $$1, $$2}'

run ui: export DAGSTER_HOME := $(CURDIR)/dagster_home
# The sync tells the UI that the dbt project has changed, so its models show up by themselves.
ui: export DAGSTER_WEBSERVER_URL ?= http://127.0.0.1:3000

run: $(READY) ## set up, then sync once (demo account and DuckDB until .env says otherwise)
	@$(BIN)/sigma-dbt-sync sync $(ARGS)

test: $(READY) ## set up, then run every test
	@$(BIN)/python -m pytest -q $(WORKERS) $(ARGS)

ui: $(READY) ## set up, then open Dagster on http://localhost:3000
	@$(BIN)/sigma-dbt-sync demo serve -- $(BIN)/dagster dev -w workspace.yaml $(ARGS)

check: $(READY) ## style, types and layers; changes nothing
	@echo "style"; $(BIN)/ruff format --check --quiet --output-format concise . || { echo "  make format rewrites these"; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@echo "types"; $(BIN)/pyright
	@echo "layers"; $(BIN)/lint-imports --no-logo

format: $(READY) ## rewrite the sources in the project's style
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format --quiet .

docs: $(READY) ## write docs/tables.md and docs/views.md from the tables and views
	@$(BIN)/python docs/generate.py

bench: $(READY) .venv-bench/.ready ## measure a sync on large made-up projects
	@$(BIN)/python -m benchmarks $(ARGS)

# dbt itself is no dependency of this project: it only records what the demo account serves. dbt 1.12
# builds a part of itself from sources outside the package index, hence 1.11.
demo-artifacts: $(READY) .venv-dbt/.ready ## record the demo's artifacts again with a real dbt
	@$(BIN)/python -m sigma_dbt_sync.demo.record --dbt .venv-dbt/bin/dbt $(ARGS)

# Resolves anew from pyproject.toml, on the oldest Python: what still supports it serves the others too.
# Look at the diff, then run the tests.
lock: ## renew constraints.txt with the newest versions allowed
	$(call need_python)
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "The lock is made with Python 3.11: make lock PYTHON=python3.11" >&2; exit 1; }
	@rm -rf .venv-lock && "$(PYTHON)" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install -qq '.[dev,gcs,azure]' $(BUILD)
	@sed -n '/^#/p' constraints.txt > .venv-lock/lines
	@.venv-lock/bin/python -m pip freeze --all | grep -E '^[A-Za-z0-9_.-]+==' \
		| grep -viE '^(pip|setuptools|wheel|sigma[-_]dbt[-_]sync)==' | LC_ALL=C sort -f >> .venv-lock/lines
	@mv .venv-lock/lines constraints.txt && rm -rf .venv-lock

clean: ## remove the environment, the data and every cache
	@rm -rf .venv .venv-* .screenshots data dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find dagster_home -mindepth 1 -maxdepth 1 ! -name dagster.yaml -exec rm -rf {} +

# What builds the package: installed first and by the lock, so that no unpinned copy is fetched.
BUILD := hatchling editables

define need_python
	@test -n "$(PYTHON)" || { \
		echo "No Python 3.11, 3.12 or 3.13 was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c '$(SUPPORTED)' 2>/dev/null || { \
		echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13, or does not start. Name another: make PYTHON=/path/to/python3.12" >&2; exit 1; }
endef

$(READY): pyproject.toml constraints.txt
	$(call need_python)
	@rm -f $@
	@echo "setting up $(VENV) with $(PYTHON) (the first time takes a minute or two)"
	@test -x $(BIN)/python && $(BIN)/python -c '$(SUPPORTED)' 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| "$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "Python could not create $(VENV). On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install -qq -c constraints.txt $(BUILD)
	@$(BIN)/python -m pip install -qq -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

# What the benchmarks compare with, apart from what the project itself needs.
.venv-bench/.ready: benchmarks/peers.txt
	$(call need_python)
	@"$(PYTHON)" -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install -qq -r benchmarks/peers.txt
	@touch $@

.venv-dbt/.ready: Makefile
	$(call need_python)
	@"$(PYTHON)" -m venv --clear .venv-dbt
	@.venv-dbt/bin/python -m pip install -qq 'dbt-core==1.11.16' 'dbt-duckdb==1.11.1' 'duckdb==2.0.0'
	@touch $@
