# make demo   the dashboard living through the incident, on this machine, without PHP, root or network
# make test   everything: lint, types, unit, screens, and the lab of real hosts (as root on Debian; elsewhere skipped with the reason)
.DEFAULT_GOAL := help
.PHONY: help setup lab-packages demo test lint types mutants lab truth heal harm history strangers bench docs man screenshots clean

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
N      ?= 3
# Two for each of two cores: half of their time they wait for hosts and terminals. Each has a lab of its own.
WORKERS ?= 4
# Real hosts and terminals on a busy machine: what fails is tried once more, and named as RERUN at the end.
RERUNS ?= 1
# Lines and branches that the tests ran, file by file; read it with: .venv/bin/python -m slipcover --merge .coverage.json --out /dev/null
COVERAGE ?= .coverage.json
# How long `make history` lasts, and which plan of faults it follows.
SECONDS ?= 600
SEED ?= 1

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

$(VENV)/.stamp: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stalewatch needs Python 3.11 or newer: make PYTHON=python3.11 …" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

setup: $(VENV)/.stamp  ## the virtual environment with everything the tests need

demo: $(VENV)/.stamp  ## the dashboard living through the incident
	@$(BIN)/stalewatch demo

lab-packages: $(VENV)/.stamp
	@if [ "$$(id -u)" = 0 ] && [ -x /usr/bin/apt-get ]; then $(BIN)/python -m tests.lab install; fi

test: $(VENV)/.stamp  ## lint, types and all tests, with the lab; coverage at the end
	@$(MAKE) --no-print-directory --jobs=2 lint lab-packages
	$(BIN)/python -m slipcover --json --out $(COVERAGE) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --reruns $(RERUNS) -rR -q tests
	@$(BIN)/python -m tests.coverage $(COVERAGE)

lint: $(VENV)/.stamp  ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check tui tests
	$(BIN)/ruff format --check tui tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

mutants: $(VENV)/.stamp  ## which small mistakes in diagnosis and runbook the tests do not notice (MODULES="diagnosis/opcache/*")
	@$(BIN)/python -m pip install --quiet --group mutants
	$(BIN)/python -m tests.mutants $(MODULES)

lab: lab-packages  ## keep N real hosts up and print the command that watches them (N=3)
	@$(BIN)/python -m tests.lab up --hosts $(N)

truth: lab-packages  ## what stalewatch says of servers against what they really serve, state by state
	@$(BIN)/python -m tests.lab.truth

heal: lab-packages  ## every stale state of the truth table, fixed: what is served before and after
	$(BIN)/python -m tests.lab.heal

harm: lab-packages  ## fixes that could do harm: nothing is worse after them
	$(BIN)/python -m pytest -v -n 0 -rs tests/lab/test_e2e_harm_*.py

history: lab-packages  ## three operators fix one fleet for SECONDS=600 while links and programs die; the history is checked (SEED=1)
	$(BIN)/python -m tests.lab.history --seconds $(SECONDS) --seed $(SEED)

strangers: lab-packages  ## servers as other people build them: as they are, and edited
	$(BIN)/python -m pytest -v -n 0 -rs --durations=0 --durations-min=0.5 tests/strangers --all-layouts

bench: lab-packages  ## the figures in docs/performance.md
	$(BIN)/python -m tests.bench

docs: $(VENV)/.stamp  ## docs/CODES.md, PREMISES.md and incident-report.md, from what they tell of
	$(BIN)/python -m stalewatch.diagnosis.explain >docs/CODES.md
	$(BIN)/python -m stalewatch.diagnosis.chain.document >docs/PREMISES.md
	$(BIN)/python -m tests.night >docs/incident-report.md

man: $(VENV)/.stamp  ## build/man/*.1, from the commands; read one with: man -l build/man/stalewatch.1
	@$(BIN)/python -m tests.man_pages build/man

screenshots: $(VENV)/.stamp  ## the pictures in README, from the real app
	$(BIN)/python -m tests.screenshots
	TZ=Europe/Berlin $(BIN)/stalewatch replay tests/night.rec --cast screenshots/incident.svg --overwrite

clean:  ## what the targets above made in this folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis $(COVERAGE) dist build
