# make compare: run everything and write a report.   make test: lint, types, tests.
# ARGS reaches the command, as in: make compare ARGS="--preset standard --mnist-archives mnist"

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready

.PHONY: compare test clean

compare: $(READY)
	$(VENV)/bin/python -m compare all $(ARGS)

test: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest --numprocesses 2 --dist loadfile $(ARGS)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint requirements.lock --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
