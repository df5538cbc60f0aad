# make compare: run everything and write a report.   make test: lint, types, tests.
# make test-all: every case there is, which takes far longer.
# ARGS reaches the command, as in: make compare ARGS="--preset standard --mnist-archives mnist"

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready
PYTEST := $(VENV)/bin/pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder

.PHONY: compare lint test test-all clean

compare: $(READY)
	$(VENV)/bin/python -m compare all $(ARGS)

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

test: lint
	$(PYTEST) $(ARGS)

test-all: lint
	$(PYTEST) -m '' --hypothesis-profile exhaustive --kills 50 $(ARGS)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint requirements.lock --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
