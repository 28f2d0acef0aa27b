# hepscope: one target per thing a person does here; `make help` lists them.
# CI calls these and nothing else.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
T ?= tests
# Test processes at once, each with servers of its own; they wait more than they work. Files go to
# them whole, in their order: the longest come first (tests/conftest.py).
JOBS ?= 2
PARALLEL := -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup run demo up down capture-dist screenshots test coverage test-unit test-integration lint format types docs dashboards check-docs bench chaos lock clean

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

up: ## start everything in Docker and wait until it is healthy; OVERLAYS="nginx demo", STRICT=1
	@deploy/compose/up

down: ## end what `make up` started and keep the data; ARGS=--volumes removes it, too
	@deploy/compose/down $(ARGS)

capture-dist: setup ## build the capture agent for other machines into dist/: one file, wheels, deb, rpm, offline bundle
	@scripts/build-capture $(ARGS)

##@ Work on it

screenshots: setup ## render every screen, light and dark, into docs/pictures; ARGS="calls call" some of them
	@scripts/screenshots $(ARGS)

test: setup ## run all tests; T=path runs some
ifeq ($(T),tests)
	@$(BIN)/pytest $(PARALLEL) $(ARGS)
else
	@$(BIN)/pytest $(T) $(ARGS)
endif

coverage: setup ## run all tests and say what of the code they ran; takes half as long again
	@$(BIN)/pytest $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)

test-unit: setup ## run the tests that need no server
	@$(BIN)/pytest $(PARALLEL) tests/unit tests/contract $(ARGS)

test-integration: setup ## run the tests that start servers and browsers
	@$(BIN)/pytest $(PARALLEL) tests/integration tests/e2e $(ARGS)

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

docs: setup ## write the generated pages (OpenAPI, settings, metrics, HEP chunks) and the chart's copies
	@$(BIN)/python -m hepscope_standalone.reference docs
	@PYTHONPATH=deploy/k8s $(BIN)/python -m chart_files

dashboards: setup ## write Grafana's dashboards from their code, and the chart's copies
	@PYTHONPATH=deploy/grafana $(BIN)/python -m dashboards deploy/grafana/json
	@PYTHONPATH=deploy/k8s $(BIN)/python -m chart_files

check-docs: setup ## fail when a generated page or dashboard is stale
	@$(BIN)/python -m hepscope_standalone.reference --check docs
	@PYTHONPATH=deploy/grafana $(BIN)/python -m dashboards --check deploy/grafana/json
	@PYTHONPATH=deploy/k8s $(BIN)/python -m chart_files --check

bench: setup ## measure everything, as a table and JSON; ARGS="--quick" for a short run
	@$(BIN)/python -m bench $(ARGS)

chaos: setup ## break everything under load and prove that nothing is lost; ARGS="--short", TARGET=containers, TARGET=compose
	@PYTHONPATH=tests exec $(BIN)/python -m chaos $(ARGS)

lock: ## resolve requirements.lock anew (needs uv); ARGS=--upgrade takes newer releases
	@scripts/lock $(ARGS)

clean: ## remove what was made here, but no data
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
