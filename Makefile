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

bench: ## measure the core, side by side with plain Alembic
	@$(PREPARE) --dev --no-front-end
	@exec $(IN_VENV) tests.bench

N ?= 500
faults: ## kill -9 a migration at N random moments (N=500) and look at what is left
	@$(PREPARE) --dev --no-front-end
	@CONSOLE_TEST_KILLS=$(N) exec $(IN_VENV) pytest -v -s tests/schema -k "kill" $(ARGS)

screenshots: ## take the pictures of the README again (needs Chromium)
	@$(PREPARE) --dev
	@exec $(IN_VENV) tests.browser.screenshots $(ARGS)
