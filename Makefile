# hepscope: one target per thing a person does here; `make help` lists them.
# CI calls these and nothing else.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
T ?= tests

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-unit test-integration lint format types docs dashboards check-docs bench chaos lock clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use it

setup: $(VENV)/.made ## make .venv with everything in it (needs only Python 3.11+ and pip)

$(VENV)/.made: requirements.lock scripts/setup $(wildcard libs/*/pyproject.toml services/*/pyproject.toml migrations/pyproject.toml)
	@scripts/setup

run: setup ## start everything in one process; ARGS="--data-dir DIR ..." passes more
	@exec $(BIN)/hepscope run $(ARGS)

demo: setup ## send an hour of generated calls to a running hepscope
	@$(BIN)/hepscope demo $(ARGS)

##@ Work on it

test: setup ## run all tests with coverage; T=path runs some without it
ifeq ($(T),tests)
	@$(BIN)/pytest --cov --cov-report=term:skip-covered $(ARGS)
else
	@$(BIN)/pytest $(T) $(ARGS)
endif

test-unit: setup ## run the tests that need no server
	@$(BIN)/pytest tests/unit tests/contract $(ARGS)

test-integration: setup ## run the tests that start servers and browsers
	@$(BIN)/pytest tests/integration tests/e2e $(ARGS)

lint: setup ## check style, imports between packages, lock file and generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@scripts/check-lock
	@$(MAKE) --no-print-directory check-docs

format: setup ## rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup ## check types: mypy --strict, and tsc for the page where npm is there
	@$(BIN)/mypy
	@scripts/check-frontend-types

docs: setup ## write the generated pages: OpenAPI, settings, metrics, HEP chunks
	@$(BIN)/python -m hepscope_standalone.reference docs

dashboards: setup ## write Grafana's dashboards from their code
	@PYTHONPATH=deploy/grafana $(BIN)/python -m dashboards deploy/grafana/json

check-docs: setup ## fail when a generated page or dashboard is stale
	@$(BIN)/python -m hepscope_standalone.reference --check docs
	@PYTHONPATH=deploy/grafana $(BIN)/python -m dashboards --check deploy/grafana/json

bench: setup ## measure everything, as a table and JSON; ARGS="--quick" for a short run
	@$(BIN)/python -m bench $(ARGS)

chaos: setup ## break everything under load and prove that nothing is lost; ARGS="--short" in two minutes
	@PYTHONPATH=tests exec $(BIN)/python -m chaos $(ARGS)

lock: ## resolve requirements.lock anew (needs uv); ARGS=--upgrade takes newer releases
	@scripts/lock $(ARGS)

clean: ## remove what was made here, but no data
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
