# Every target works on a bare machine with Python 3.11 or later: it makes .venv first, and only when something changed.
#   PYTHON=/path/to/python3.12   another interpreter        MOSIM_NO_CONSTRAINTS=1   newest allowed versions
#   PYTEST_ARGS="-n 0 tests/mechanics"   how and what to test

BIN := .venv/bin
DEMO_OUT ?= runs/demo
PYTEST_ARGS ?= -n auto --maxprocesses 8 --dist loadfile
# One torch thread for each test worker: more only makes the workers wait for one another.
OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-full check docs bench format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv ready (every target below does this by itself)
	@bash scripts/setup_venv.sh

demo: setup ## train a policy inside the model, play it in dm_control: returns, plots and videos in runs/demo
	@$(BIN)/mosim-gym demo --out $(DEMO_OUT)

test: setup ## run the quick tests (PYTEST_ARGS="-m slow" for the slow ones)
	@OMP_NUM_THREADS=$(OMP_NUM_THREADS) $(BIN)/python -m pytest -q $(PYTEST_ARGS)

test-full: setup ## run all tests, slow ones too, and write the report benchmarks/results/tests.json
	@OMP_NUM_THREADS=$(OMP_NUM_THREADS) $(BIN)/python scripts/test_full.py

check: setup ## check format, lint, types and import layers
	@echo '== ruff format'   && $(BIN)/ruff format --check .
	@echo '== ruff check'    && $(BIN)/ruff check .
	@echo '== basedpyright'  && $(BIN)/basedpyright
	@echo '== import-linter' && $(BIN)/lint-imports

docs: setup ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo 'docs: site/index.html'

bench: setup ## run the benchmarks
	@$(BIN)/python benchmarks/kinematics.py
	@$(BIN)/python benchmarks/parity.py
	@$(BIN)/python benchmarks/collection.py
	@$(BIN)/python benchmarks/prediction.py

format: setup ## format and fix the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

clean: ## remove .venv, caches and built files (runs/ stays)
	rm -rf .venv site build dist .pytest_cache .ruff_cache .import_linter_cache
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
