# Python 3.11 or 3.12 and make are all that a bare checkout needs; `make help` lists the commands.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-postgresql15 verify lint bench pictures browser servers clean distclean
# PYTHONDONTWRITEBYTECODE would let each of hundreds of processes compile all of it again.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
PYTEST_WORKERS ?= 2
# More for pytest, as in: make test ARGS="tests/core -k rules"
ARGS ?=

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## /make \1: /p' Makefile

setup: ## make .venv from the pinned requirements (the others call it)
	@sh deploy/local/setup.sh

demo: setup ## fill a demo organisation and serve it until Ctrl-C
	@.venv/bin/python -m config.supervisor demo --end-with-parent

run: setup ## serve without demo data until Ctrl-C
	@.venv/bin/python -m config.supervisor run --end-with-parent

test: setup browser ## run the tests
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) -m "not verify" $(ARGS)

test-postgresql15: setup browser servers ## run the tests against PostgreSQL 15 and Redis of the system
	@.venv/bin/python -m tests.deploy.servers .venv/bin/python -m pytest -n $(PYTEST_WORKERS) -m "not verify" $(ARGS)

verify: setup browser servers ## run the slow walls: real processes killed, fuzzing, large matrices
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) -m verify $(ARGS)

lint: setup ## check style, types, the direction of imports, missing migrations, the deployment's files
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/python -m mypy
	@.venv/bin/lint-imports
	@.venv/bin/python manage.py makemigrations --check --dry-run
	@sh deploy/local/lint.sh

bench: setup browser ## measure, print the figures, and write them into docs/performance.md: make bench SIZES="10k 100k"
	@SIZES="$(SIZES)" .venv/bin/python -m bench

pictures: setup browser ## make the pictures of the README again, from the demo's data
	@.venv/bin/python docs/pictures.py

browser:
	@sh deploy/local/browser.sh

servers:
	@sh deploy/local/servers.sh

clean: ## stop the embedded servers and delete their data, uploads and logs
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m config.embedded remove; else rm -rf var; fi
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

distclean: clean ## the same, and .venv
	@rm -rf .venv
