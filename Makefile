# Crosstalk: set up, try, test. Only Python 3.11+ and make are needed; all else is installed here.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=
QUICK ?=
ONLY ?=
SHOW ?=
MINUTES ?= 10
CASES ?= 2000
FIRST ?= 0
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-deps
MAY_HAVE_CUDA := import importlib.metadata as m, sys; sys.exit("+cpu" in m.version("torch"))
READY := $(VENV)/.ready

.PHONY: demo test properties locks locks-table faults fuzz bench eval storm load browser unit lint \
  format types imports schema setup lock vulnerabilities sbom clean

demo: $(READY) ## a whole company on this machine, and a first question answered in its Slack
	@$(BIN)/crosstalk sandbox demo $(if $(ONCE),--once)

test: lint imports browser ## everything: lint, types, imports and every test, real servers included
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/faults

properties: $(READY) ## random queries beside one database; CASES=2000, and FIRST=n begins with round n
	@CROSSTALK_PROPERTY_CASES=$(CASES) CROSSTALK_PROPERTY_SEED=$(FIRST) $(BIN)/python -m pytest \
	  tests/property/test_random_queries.py

locks: $(READY) ## switch each lock of SECURITY.md off: a test has to fail; ONLY=name for one
	@$(BIN)/python -m tests.locks $(ONLY)

locks-table: $(READY) ## the table of locks in SECURITY.md from tests/locks
	@$(BIN)/python -m tests.locks.table

bench: $(READY) ## all measurements into docs/benchmarks.md; QUICK=1 for small ones, ONLY=postgres for some
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ONLY)

eval: $(READY) ## how often a planner is right, into docs/evals.md; SHOW=1 tells each question
	@$(BIN)/python -m evals $(if $(SHOW),--show)

storm: $(READY) ## 5,000 questions on two replicas, one of which dies; QUICK=1 for 300
	@$(BIN)/crosstalk sandbox storm $(if $(QUICK),--questions 300)

load: $(READY) ## 200 questions at once over the whole company, into docs/reliability.md; QUICK=1 for 40
	@$(BIN)/crosstalk sandbox load $(if $(QUICK),--questions 40,--keep)

faults: $(READY) ## all that can break, broken: what is read, how soon, what is left, into docs/reliability.md
	@$(BIN)/python -m pytest tests/faults --page

browser: $(READY) ## a browser for the tests: the one that is here, or else Playwright's own
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/playwright install chromium

unit: $(READY) ## the quick tests alone
	@$(BIN)/python -m pytest tests/unit tests/architecture

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(READY)
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: $(READY)
	@$(BIN)/pyright

imports: $(READY)
	@$(BIN)/lint-imports

schema: $(READY) ## docs/semantic_model.schema.json from the code
	@$(BIN)/crosstalk schema > docs/semantic_model.schema.json

setup: $(READY)

$(READY): pyproject.toml requirements.lock requirements-cpu.lock requirements-cuda.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Crosstalk needs Python 3.11 or newer; give it with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up in $(VENV); the first time takes a few minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes -q -r requirements-cpu.lock 2>/dev/null || true # else the usual build
	@{ $(INSTALL) --require-hashes -r requirements.lock --progress-bar on \
	  > >(grep -vE '^(Requirement already|Looking in)') && \
	  if $(BIN)/python -c '$(MAY_HAVE_CUDA)'; then \
	  $(INSTALL) --require-hashes -r requirements-cuda.lock; fi && \
	  $(INSTALL) -q --no-build-isolation -e .; } || \
	  { echo "The set-up failed while downloading or installing a package: the lines above say which."; \
	    echo "Check the network and the disk, then run make again; it goes on where it stopped."; exit 1; }
	@touch $@

lock: ## pin every package with its hashes; UPGRADE=1 takes the newest
	@PYTHON=$(PYTHON) .ci/lock

vulnerabilities: $(READY) ## is any locked package known to be vulnerable? Without a network it says so
	@$(BIN)/python .ci/vulnerabilities.py

sbom: $(READY) ## what the image installs, as CycloneDX, into sbom.json
	@$(BIN)/cyclonedx-py requirements requirements-bot.lock --pyproject pyproject.toml \
	  --output-reproducible -o sbom.json && echo "Written to sbom.json."

fuzz: $(READY) ## random and mutated input for the parser, the guards and the escaper; MINUTES=10
	@CROSSTALK_FUZZ_MINUTES=$(MINUTES) $(BIN)/python -m pytest tests/fuzz --timeout 0

clean:
	@rm -rf $(VENV) .sandbox .pytest_cache .ruff_cache
