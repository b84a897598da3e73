# Everything from a checkout with Python 3.11 and its venv module; uv is brought along.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help demo test check lint bench bench-cluster soak conformance survey hostile clean

help:
	@echo 'make demo    install, start Penstock, take a simulated run of real events, show results'
	@echo 'make test    install, set up real servers, run every check and every test'
	@echo 'make lint    formatting, style, types, the import table'
	@echo 'make bench   the benchmarks: a table, and JSON in benchmarks/out/'
	@echo 'make bench-cluster  the production form on RabbitMQ and PostgreSQL: a table, JSON, pictures'
	@echo 'make soak    an hour of runs with all that goes wrong; SOAK_MINUTES=5 for less'
	@echo 'make conformance SUITE=folder   a checkout of a CWL suite, through upload, chain and jobs'
	@echo 'make survey FOLDER=folder       which of its CWL documents are taken, by us and by cwltool'
	@echo 'make hostile 200 uploads that mean harm: each is refused or contained'
	@echo 'make clean   remove what the targets above made'

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The environment of the product: from the lock, with the demonstration's packages.
.PHONY: environment
environment: $(UV)
	$(UV) sync --quiet --locked --inexact --python $(PYTHON) --no-default-groups --all-extras

# The same, with the tools of development.
.PHONY: development
development: $(UV)
	$(UV) sync --quiet --locked --python $(PYTHON) --all-extras --group dev --group servers

demo: environment
	.venv/bin/penstock demo

lint: development
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Tests wait for the disk most of all: where a RAM disk has 4 GB to spare, their files lie there.
RAM_DISK := $(shell test -w /dev/shm \
	&& test "$$(df -k --output=avail /dev/shm | tail -n 1)" -gt 4000000 && echo /dev/shm)

test: lint
	$(PYTHON) scripts/setup_servers.py
	$(if $(RAM_DISK),TMPDIR=$(RAM_DISK)) .venv/bin/pytest

bench: $(UV)
	$(UV) sync --quiet --locked --python $(PYTHON) --all-extras --all-groups
	.venv/bin/python -m benchmarks

bench-cluster: development
	.venv/bin/python -m benchmarks.cluster

soak: development
	.venv/bin/python -m benchmarks.soak

conformance: development
	@.venv/bin/python -m benchmarks.conformance "$(SUITE)"

survey: development
	@.venv/bin/python -m benchmarks.survey "$(FOLDER)"

hostile: development
	HOSTILE=all $(if $(RAM_DISK),TMPDIR=$(RAM_DISK)) .venv/bin/pytest -q tests/hostile

clean:
	rm -rf .tools .venv .servers .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/out
