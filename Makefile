# Each target does its own set-up; Python >= 3.11, git and make are all a fresh machine needs.
PYTHON ?= python3
BIN := .venv/bin
CYCLES ?= 300
KILLS ?= 50
SECONDS ?= 600

.DEFAULT_GOAL := help
.PHONY: help install demo test test-samples check format openapi crash bench confusion accuracy fuzz lock vendor clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

install: .venv/.installed ## Make .venv with the command estampe

demo: .venv/.installed ## Serve a demo customer with live activity and show how to read it
	$(BIN)/estampe demo

test: .venv/.developing ## Run every test (as root it also installs curl, Node.js and Chromium for them)
	tests/setup
	$(BIN)/python -m pytest -q -n 2

test-samples: .venv/.developing ## Run the code samples in all ten languages (as root it also installs them)
	tests/setup languages
	$(BIN)/python -m pytest -q -m samples tests/e2e/test_samples.py

check: .venv/.developing ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.developing ## Format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: .venv/.developing ## Write docs/openapi.json anew
	$(BIN)/python -m estampe.http.openapi > docs/openapi.json

crash: .venv/.developing ## Kill the server CYCLES times, and KILLS times each while it sends, while links are followed and while reports come, and look for a broken promise
	$(BIN)/python -m tests.e2e.crash --cycles $(CYCLES)
	$(BIN)/python -m tests.e2e.crash.sending --kills $(KILLS)
	$(BIN)/python -m tests.e2e.crash.tracking --kills $(KILLS)
	$(BIN)/python -m tests.e2e.crash.bounces --kills $(KILLS)

bench: .venv/.benching ## Compare with what one would pick instead, and write docs/benchmarks.md
	$(BIN)/python bench/run.py

confusion: .venv/.developing .cache/truth/.fetched ## Count how often people and robots are mistaken, and write it into docs/classification.md
	tests/setup
	$(BIN)/python -m bench.truth

accuracy: .venv/.developing ## Count how often reports of bounces are read right, list the misses, and write it into docs/bounces.md
	$(BIN)/python -m bench.accuracy

fuzz: .venv/.benching ## Break reports for SECONDS, and look for one that fails, hangs, or is read as something ill-formed
	$(BIN)/python -m bench.fuzz --seconds $(SECONDS)

lock: .venv/.developing ## Pin the newest allowed versions with their hashes
	$(BIN)/pip install -q uv
	requirements/lock

vendor: .venv/.developing ## Fetch the reference page's interface again, as it is pinned
	$(BIN)/python requirements/vendor.py

clean: ## Remove what the targets made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/.work tests/tools/node_modules

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Estampe needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml requirements/run.txt requirements/build.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.developing: .venv/.installed requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.benching: .venv/.developing requirements/bench.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

.cache/truth/.fetched: .venv/.developing bench/truth/agents.txt
	$(BIN)/pip download -q --disable-pip-version-check --require-hashes --no-deps --no-binary :all: --no-build-isolation -r bench/truth/agents.txt -d $(@D)
	tar -xzf $(@D)/crawlerdetect-*.tar.gz -C $(@D)
	@touch $@
