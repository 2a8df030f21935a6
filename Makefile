# Every target sets itself up: a virtual environment in .venv, the locked packages, the project.
# Nothing but python3.11 or newer (with its venv module) and make need be there before.

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements-dev.lock
# The servers of stores that tests read from, which want older libraries than others here.
S3 := .venv-s3
S3_LOCK := requirements-s3.lock

# A folder of conformance cases (JSON Lines); without one `make conformance` says so and fails.
FLOWCHECK_CONFORMANCE ?=

.PHONY: help setup demo test lint types bench bench-smoke conformance lock clean
.DELETE_ON_ERROR:

help:
	@echo "make demo         audit the sample clusters and show the reports"
	@echo "make test         run the tests"
	@echo "make lint types   ruff; mypy --strict"
	@echo "make bench        run all benchmarks, 20 minutes (bench-smoke: answers only)"
	@echo "make churn        simulate a day of changing addresses and audit it"
	@echo "make conformance  run the shared conformance cases"
	@echo "make endure       audit small inputs that may ask much memory, each within 1 GiB"
	@echo "make fuzz         feed readers what is nearly right, FUZZ_SECONDS for each of 30 targets"
	@echo "make lock         renew the lock files"
	@echo "make wheel sbom   the wheel with where it comes from; its bill of materials; in dist/"
	@echo "make advisories   ask what is known against the locked versions"

setup: $(STAMP)

$(STAMP): pyproject.toml $(LOCK)
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "flowcheck needs Python 3.11 or newer; on Debian 12: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear "$(VENV)"
	"$(BIN)/python" -m pip install --disable-pip-version-check --quiet --require-hashes -r "$(LOCK)"
	"$(BIN)/python" -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch "$@"

$(S3)/.installed: $(S3_LOCK) $(STAMP)
	"$(PYTHON)" -m venv --clear "$(S3)"
	"$(S3)/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes -r "$(S3_LOCK)"
	@touch "$@"

# The samples hold violations, so the command ends with 1; 0 would be a report too. Anything else fails.
demo: $(STAMP)
	@for sample in kubernetes cilium mesh; do \
	  code=0; "$(BIN)/flowcheck" demo --sample $$sample || code=$$?; \
	  if [ $$code -le 1 ]; then \
	    echo "make demo: flowcheck ended with $$code (1 means violations found, as planted in the sample)"; \
	  else \
	    echo "make demo: flowcheck failed with $$code" >&2; exit $$code; \
	  fi; \
	done

# Kernels first, or each process compiles them. A test file stays whole: its tests share what they were given.
# A process that dies is not begun anew: pytest-xdist 3.8 then waits for ever for files that are done.
test: $(STAMP) $(S3)/.installed
	"$(BIN)/flowcheck" warmup
	FLOWCHECK_MOTO="$(abspath $(S3)/bin/python)" "$(BIN)/python" -m pytest -n logical --dist loadfile --max-worker-restart 0

lint: $(STAMP)
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .

types: $(STAMP)
	"$(BIN)/mypy"

# Engines to compare with, and what draws the figure: not locked, as nobody else needs them.
BENCH := $(VENV)/.bench
$(BENCH): $(STAMP)
	"$(BIN)/python" -m pip install --disable-pip-version-check --quiet --no-build-isolation -e '.[bench]' \
	  && touch "$@" || echo "make bench: what could not be installed is left out" >&2

# One round; medians of five: python -m benchmarks.speed. BESIDE names another checkout of flowcheck, timed in turn.
BESIDE ?=
bench: $(BENCH)
	"$(BIN)/python" -m benchmarks.speed --runs 1 --no-big $(if $(BESIDE),--beside "$(BESIDE)")
	"$(BIN)/python" -m benchmarks.bench_kernels
	"$(BIN)/python" -m benchmarks.bench_time --size small
	"$(BIN)/python" -m benchmarks.bench_load --size small
	"$(BIN)/python" -m benchmarks.figure

bench-smoke: $(STAMP)
	"$(BIN)/python" -m benchmarks.speed --smoke

conformance: $(STAMP)
	@test -d "$(FLOWCHECK_CONFORMANCE)" \
	  || { echo "set FLOWCHECK_CONFORMANCE to a folder of conformance cases" >&2; exit 1; }
	"$(BIN)/python" -m tests.tools.conformance "$(FLOWCHECK_CONFORMANCE)" --path reference
	"$(BIN)/python" -m tests.tools.conformance "$(FLOWCHECK_CONFORMANCE)" --path compiled
	FLOWCHECK_CONFORMANCE="$(abspath $(FLOWCHECK_CONFORMANCE))" "$(BIN)/python" -m pytest -q tests/conformance

COMPILE := env -u PIP_FIND_LINKS "$(BIN)/pip-compile" --quiet --upgrade --generate-hashes --strip-extras --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe
lock: $(STAMP)
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --extra live --build-deps-for wheel --constraint requirements-dev.lock \
	  --output-file requirements-image.lock pyproject.toml
	$(COMPILE) --output-file "$(S3_LOCK)" tests/stores/requirements.in

.PHONY: wheel sbom advisories

# Of the commit that is checked out: the same bytes each time, with an unsigned statement of where they come from.
wheel: $(STAMP)
	"$(BIN)/python" -m supply.wheel dist

sbom: wheel
	"$(BIN)/python" -m supply.bill dist

# Fails where something is known; where nobody can be asked it says so.
advisories: $(STAMP)
	"$(BIN)/python" -m supply.advisories

clean:
	rm -rf "$(VENV)" "$(S3)" build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: mutants long-agreement recordings

# A recording of a real control plane with what was true, as tests/tools/recordings.py has it.
recordings: $(STAMP)
	@test -d "$(FLOWCHECK_RECORDING)" \
	  || { echo "set FLOWCHECK_RECORDING to the folder of a recording" >&2; exit 1; }
	"$(BIN)/python" -m tests.tools.recordings "$(FLOWCHECK_RECORDING)"

# Breaks the compiled path in every way of tests/tools/mutant_list.py; a test must fail for each. Writes docs/mutants.md.
mutants: $(STAMP)
	"$(BIN)/python" -m tests.tools.mutants

WORLDS ?= 100000
long-agreement: $(STAMP)
	"$(BIN)/python" -m tests.tools.long_agreement "$(WORLDS)"

.PHONY: churn

# Simulates a day of a cluster whose addresses change hands, and audits it by what one may know of it. About 660 MB
# under data/generated/. Writes docs/churn.md and fails if what it claims does not hold.
churn: $(STAMP)
	"$(BIN)/python" -m benchmarks.churn.report

.PHONY: endure

# Small inputs that may ask much: each within 1 GiB. Some minutes; docs/reliability.md holds the figures of a run.
endure: $(STAMP)
	"$(BIN)/python" -m tests.endurance

.PHONY: fuzz

# What reads inputs is fed what is nearly right, from a seed; only documented errors may come out. One target:
# FUZZ_TARGETS='"log: aws"'. docs/reliability.md holds the figures of a run.
FUZZ_SECONDS ?= 600
FUZZ_SEED ?= 1
FUZZ_TARGETS ?=
fuzz: $(STAMP)
	"$(BIN)/python" -m tests.fuzz --seconds "$(FUZZ_SECONDS)" --seed "$(FUZZ_SEED)" $(FUZZ_TARGETS)
	@"$(BIN)/python" -c 'import atheris' 2>/dev/null \
	  || echo "make fuzz: atheris is not installed, so nothing was driven by coverage (python -m tests.fuzz --engine atheris TARGET)"
