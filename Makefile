# The only entry points; continuous integration calls the same.
# Arguments for a tool: make test ARGS='-k review', another port: PORT=5001 make run

.PHONY: help run setup test check bench faults screenshots
.DEFAULT_GOAL := help

PREPARE = python=$$(sh tools/find-python) && exec "$$python" tools/prepare.py
IN_VENV = .venv/bin/python -m

help: ## list what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

run: ## set everything up and serve on http://127.0.0.1:5000/ with the worker beside it
	@$(PREPARE) --serve

setup: ## the virtual environment, the packages and the front end
	@$(PREPARE)

test: ## every test, in parallel
	@$(PREPARE) --dev
	@exec $(IN_VENV) pytest -n auto $(ARGS)

check: ## ruff, mypy and the import contracts
	@$(PREPARE) --dev --no-front-end
	$(IN_VENV) ruff check
	$(IN_VENV) ruff format --check
	$(IN_VENV) mypy
	.venv/bin/lint-imports

bench: ## measure the core on each database, side by side with plain Alembic (docs/measurements.md)
	@$(PREPARE) --dev --no-front-end
	@exec $(IN_VENV) tests.bench $(ARGS)

N ?= 500
CHOSEN = $(foreach name,only database seed from,$(if $($(name)),--$(name) $($(name))))
only = $(ONLY)
database = $(DATABASE)
seed = $(SEED)
from = $(FROM)
faults: ## kills, races and silent damage in N=500 rounds; one part: ONLY=kill DATABASE=sqlite SEED=1
	@$(PREPARE) --dev --no-front-end
	@exec $(IN_VENV) tests.bench.faults $(N) $(CHOSEN) $(ARGS)

screenshots: ## take the pictures of the README again (needs Chromium)
	@$(PREPARE) --dev
	@exec $(IN_VENV) tests.browser.screenshots $(ARGS)
