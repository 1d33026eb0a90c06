# make install | demo | serve | test | coverage | bench | soak | lint | lock; each sets up what it needs in .venv first.
# PYTHON=… picks the interpreter (3.11 or 3.12), DEMO_ARGS=--exit lets the demo end by itself, BENCH_ARGS="--only http"
# measures a part, and without it `make bench` writes docs/bench.* and the README's figures; SOAK_ARGS="--only service".

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo serve test coverage lint bench soak lock

SHELL := /bin/bash
BIN := .venv/bin
PYTHON_FOLDERS := $(wildcard app bench migrations tests)
RUNTIME := .venv/.installed-runtime
DEV := .venv/.installed-dev
# Ten million, the script's own default, need more than 70 GB of disk.
STORED_ARGS ?= --crossings 1000000

help:
	@sed -n '1,3s/^# //p' Makefile

install: $(DEV)

$(RUNTIME): tools/setup.sh pyproject.toml requirements-build.txt requirements.txt
	@tools/setup.sh runtime

$(DEV): requirements-dev.txt $(RUNTIME)
	@tools/setup.sh dev

demo: $(RUNTIME)
	@$(BIN)/gerege demo $(DEMO_ARGS)

serve: $(RUNTIME)
	@$(BIN)/gerege serve $(SERVE_ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PYTHON_FOLDERS)
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

test: lint
	$(BIN)/python -m pytest -n 3 $(TEST_ARGS)

# Apart from `test`, which it would make half as long again.
coverage: $(DEV)
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(TEST_ARGS)

bench: $(DEV)
	@$(BIN)/python -m bench $(BENCH_ARGS)

soak: $(DEV)
	@$(BIN)/python -m bench.soak $(SOAK_ARGS)
	@$(BIN)/python -m bench.stored $(STORED_ARGS)

lock: $(RUNTIME)
	@tools/lock.sh
