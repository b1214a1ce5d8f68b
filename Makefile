# Every command of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MMMFLOW_HOME ?= $(CURDIR)/.mmmflow
export PYTHONPATH := $(CURDIR)/functions:$(CURDIR)/py-worker
export PYTHONDONTWRITEBYTECODE := 1
# The same last bits of every sum on any number of cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

CODE := functions py-worker r-worker infra tests docs
RUN_OPTIONS = $(if $(DATA),--data "$(DATA)") \
  $(if $(MAPPING),--mapping "$(MAPPING)") \
  $(foreach country,$(COUNTRY),--country "$(country)") \
  $(if $(PRESET),--preset "$(PRESET)") \
  $(if $(ENGINE),--engine "$(ENGINE)")

.DEFAULT_GOAL := help
.PHONY: help run serve clean test test-reference simulate simulate-mutants \
  chaos check fix docs record lock bench bench-api bench-engine bench-flow \
  bench-truth \
  test-api-fuzz notices audit check-infra access scale cost-model \
  bench-extract bench-ingest bench-leases bench-publish distclean test-r \
  test-robyn bench-robyn compare-engines check-images package run-emulated \
  bench-coldstart smoke-cloud screenshots

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
	  awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp ## data in, best model and budget out (DATA= MAPPING= COUNTRY= PRESET= ENGINE=)
	@bin/mmmflow run $(RUN_OPTIONS)

serve: $(VENV)/run.stamp ## stay up, with the status page on loopback (PORT=8080)
	@bin/mmmflow serve $(if $(PORT),--port $(PORT))

clean: ## forget all runs and start afresh (keeps the environment)
	@rm -rf "$(MMMFLOW_HOME)" .coverage .pytest_cache .mypy_cache .ruff_cache

distclean: clean ## clean, and remove the environment too
	@rm -rf $(VENV)

test: $(VENV)/dev.stamp ## every test, with coverage
	@$(BIN)/python -m pytest -n 2 --dist loadfile --durations=15 \
	  --cov --cov-report=term:skip-covered

test-r: ## the Robyn engine's R code, without Robyn (needs R with testthat)
	@Rscript r-worker/tests/testthat.R

test-robyn: $(VENV)/dev.stamp ## the whole Robyn engine, where Robyn is installed (ROBYN_DATA=)
	@$(BIN)/python -m pytest tests/robyn -v

test-reference: $(VENV)/dev.stamp ## the engine held against Robyn's results (REFERENCE_DIR=)
	@$(BIN)/python -m pytest tests/reference -v

test-api-fuzz: $(VENV)/dev.stamp ## requests generated from schemas/openapi.yaml (CASES=5000; SEED=)
	@$(BIN)/python -m tests.fuzz $(if $(CASES),--cases $(CASES)) \
	  $(if $(SEED),--seed $(SEED))

simulate: $(VENV)/dev.stamp ## the flow under crashes and disorder (SEEDS=1000; SEED= one, with its trace)
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(WHOLE),--whole)

simulate-mutants: $(VENV)/dev.stamp ## planted bugs, each to be caught by the simulation
	@$(BIN)/python -m tests.simulation.mutants

chaos: $(VENV)/dev.stamp ## 1,000 experiments while runner and workers are killed (EXPERIMENTS= KILLS=)
	@$(BIN)/python -m tests.chaos \
	  $(if $(EXPERIMENTS),--experiments $(EXPERIMENTS)) \
	  $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

check: $(VENV)/dev.stamp ## format, lint and types, changing nothing
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy $(CODE)

check-images: $(VENV)/dev.stamp ## the images' Dockerfiles and scripts
	@$(BIN)/hadolint py-worker/Dockerfile r-worker/Dockerfile.base \
	  r-worker/Dockerfile
	@$(BIN)/shellcheck py-worker/image/*.sh r-worker/image/*.sh

fix: $(VENV)/dev.stamp ## format, and mend what the linter can
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

notices: $(VENV)/dev.stamp ## write whose work is used into THIRD_PARTY_NOTICES.md
	@$(BIN)/python docs/notices.py

record: $(VENV)/run.stamp ## record a session of the command line into docs/commands.md
	@$(BIN)/python docs/record.py

docs: $(VENV)/dev.stamp ## make the generated parts of the docs anew
	@$(BIN)/python docs/generate.py

bench: bench-engine bench-api bench-flow bench-truth bench-extract ## every benchmark

bench-robyn: $(VENV)/dev.stamp ## Robyn as it comes against this worker (ITERATIONS= TRIALS=)
	@$(BIN)/python -m tests.bench.bench_robyn \
	  $(if $(ITERATIONS),--iterations $(ITERATIONS)) \
	  $(if $(TRIALS),--trials $(TRIALS))

compare-engines: $(VENV)/dev.stamp ## one experiment on both engines; docs/engines.md (ITERATIONS= TRIALS=)
	@$(BIN)/python -m tests.bench.compare_engines \
	  $(if $(ITERATIONS),--iterations $(ITERATIONS)) \
	  $(if $(TRIALS),--trials $(TRIALS))

bench-api: $(VENV)/dev.stamp ## fifty clients on the status list: p50, p95, with and without ETag
	@$(BIN)/python -m tests.bench.bench_api

bench-flow: $(VENV)/dev.stamp ## the flow's speed: enqueue, event to start, messages, lists
	@$(BIN)/python -m tests.bench.bench_flow

bench-leases: $(VENV)/dev.stamp ## leases a second, 20 contenders, against transactions (needs the emulator)
	@$(BIN)/python -m tests.bench.bench_leases

bench-publish: $(VENV)/dev.stamp ## messages a second to Pub/Sub, against Google's publisher (needs the emulator)
	@$(BIN)/python -m tests.bench.bench_publish

bench-engine: $(VENV)/dev.stamp ## the native engine against Robyn's recorded speed
	@$(BIN)/python -m tests.bench.bench_engine

bench-truth: $(VENV)/dev.stamp ## errors of ROAS where the truth is known, by rule
	@$(BIN)/python -m tests.bench.bench_truth

audit: $(VENV)/dev.stamp ## known weaknesses of what is deployed (needs PyPI's own index)
	@for lock in requirements.lock requirements-functions.lock \
	  requirements-worker.lock; do \
	  $(BIN)/pip-audit --require-hashes --disable-pip -r $$lock || exit 1; done

check-infra: $(VENV)/dev.stamp $(VENV)/checkov.stamp ## the Terraform: format, provider's schema, security, and that it fits the code
	@$(BIN)/python -m infra.checks $(VENV)/checkov/bin/checkov
	@$(BIN)/python -m pytest -q tests/infra

access: $(VENV)/dev.stamp ## write the table of who may do what into docs/access.md
	@$(BIN)/python -m infra.checks.access

scale: $(VENV)/dev.stamp ## what limits first at 100, 10,000 and 1,000,000 experiments a day
	@$(BIN)/python -m infra.scale

screenshots: $(VENV)/dev.stamp ## the status page, wide and narrow, light and dark (URL=http://127.0.0.1:8080)
	@$(BIN)/python -m tests.browser.screenshots \
	  $(or $(URL),http://127.0.0.1:8080) build/screenshots

cost-model: $(VENV)/dev.stamp ## what a run, a month and an idle month cost
	@$(BIN)/python -m infra.cost_model

bench-extract: $(VENV)/dev.stamp ## Snowflake to Parquet against pandas: rows/s and memory (ROWS=1000000)
	@$(BIN)/python -m tests.bench.bench_extract $(ROWS)

bench-ingest: $(VENV)/dev.stamp ## a dropped CSV to Parquet: MB/s and memory (MB=200)
	@$(BIN)/python -m tests.bench.bench_ingest $(MB)

package: $(VENV)/dev.stamp ## what Cloud Functions gets, as build/mmmflow-<sha256>.zip
	@$(BIN)/python infra/package.py

smoke-cloud: $(VENV)/dev.stamp ## each claim that only a real project can show (PROJECT= ENVIRONMENT= REGION=)
	@$(BIN)/python -m infra.smoke --project "$(PROJECT)" \
	  $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") \
	  $(if $(REGION),--region "$(REGION)")

run-emulated: $(VENV)/dev.stamp ## the main job as deployed, on emulators (COUNTRY=, PRESET=test)
	@$(BIN)/python -m tests.emulators $(foreach country,$(COUNTRY),--country "$(country)") \
	  $(if $(PRESET),--preset "$(PRESET)")

bench-coldstart: $(VENV)/dev.stamp ## import, memory and first request of each function
	@$(BIN)/python -m tests.bench.bench_coldstart

lock: $(VENV)/dev.stamp ## pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile -q --upgrade $(LOCK_OPTIONS) --all-extras \
	  pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --upgrade $(LOCK_OPTIONS) --extra local \
	  --extra worker --constraints requirements-dev.lock pyproject.toml \
	  -o requirements.lock
	@$(BIN)/uv pip compile -q --upgrade $(LOCK_OPTIONS) --extra cloud \
	  --constraints requirements-dev.lock pyproject.toml \
	  -o requirements-functions.lock
	@$(BIN)/uv pip compile -q --upgrade $(LOCK_OPTIONS) --extra cloud \
	  --extra worker --constraints requirements-dev.lock pyproject.toml \
	  -o requirements-worker.lock

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mmmflow needs Python 3.11 or newer: make PYTHON=python3.11 …"; \
	    exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "The venv module is missing: apt-get install python3-venv"; \
	  exit 1; }

# checkov pins what others want newer: it has an environment of its own.
$(VENV)/checkov.stamp: infra/checks/requirements.lock | $(VENV)/bin/python
	@echo "Installing checkov into $(VENV)/checkov (once) …"
	@$(PYTHON) -m venv $(VENV)/checkov
	@$(VENV)/checkov/bin/pip install -q --disable-pip-version-check \
	  --require-hashes -r $<
	@touch $@

$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/python
	@echo "Installing what a run needs into $(VENV) (once) …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes \
	  -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes \
	  -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp
