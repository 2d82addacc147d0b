# Everything a newcomer needs: `make run` and `make test`. Both set up the environment first.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.installed
STAMP   = $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types contracts coverage docs bench faults wheel clean

help:            ## Show this list.
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("FeedHub needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[postgres]'
	touch $(READY)

$(STAMP): $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[postgres,fulltext,dev]'
	touch $(STAMP)

run: $(READY)    ## Poll, publish and serve on http://127.0.0.1:8080 with config.yaml.
	$(BIN)/feedhub run

test: $(STAMP)   ## Run all tests; those that need a missing program say so and skip.
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: format lint types contracts coverage   ## What must be green before a change lands.

format: $(STAMP)
	$(BIN)/ruff format --check src tests benchmarks migrations

lint: $(STAMP)
	$(BIN)/ruff check src tests benchmarks migrations

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

coverage: $(STAMP)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q -n 5 --dist worksteal --cov --cov-report=term:skip-covered

docs: $(STAMP)   ## Write the generated parts of docs/ anew.
	$(BIN)/python docs/generate.py

bench: $(STAMP)  ## Run all benchmarks, short, and compare with the committed rows. 12 to 40 minutes.
	$(BIN)/python benchmarks/run.py

faults: $(STAMP) ## Kill and starve the program on purpose, 300 times and long (docs/reliability.md). About an hour.
	FEEDHUB_FAULTS=300 $(BIN)/python -m pytest -q -n 2 --timeout 3600 tests/acceptance/faults
	FEEDHUB_KILLS=50 $(BIN)/python -m pytest -q -n 0 --timeout 3600 tests/acceptance/test_killed.py
	FEEDHUB_FLAKY_SECONDS=600 FEEDHUB_FLAKY_SOURCES=200 $(BIN)/python -m pytest -q -s -n 0 --timeout 900 tests/acceptance/test_flaky.py

wheel: $(STAMP)  ## Build dist/*.whl.
	$(BIN)/python -m build --wheel

clean:           ## Remove the environment and caches. The database stays.
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
