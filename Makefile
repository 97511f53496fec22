# make run · make test · make quick · make ask Q="…" · make demo · make check · make bench
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
PIP_ARGS ?=
DEMO := "How many days of unused leave can be carried over, and until when?" \
	"What does error E-14 mean and what should I do?" \
	"How long must a password be?"
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test quick ask demo check kills models setup

run: models
	@$(BIN)/python -c "import socket; socket.create_server(('127.0.0.1', $(PORT))).close()" 2> /dev/null || { echo \
		'Port $(PORT) cannot be used: it is taken, perhaps by Footnote itself (see http://127.0.0.1:$(PORT)), or none that' \
		'you may open. Take another: PORT=8502 make run'; \
		exit 1; }
	$(BIN)/streamlit run app.py --server.port $(PORT)

# The question reaches the program as it was typed: neither make nor the shell reads what is in it.
unexport Q
ask: export QUESTION = $(value Q)
ask: models
	@test -n "$$QUESTION" || { echo 'Say what to ask: make ask Q="How many days of holiday are there?"'; exit 2; }
	@$(BIN)/python -m ingest --once samples
	@$(BIN)/python -m rag ask -- "$$QUESTION"

# Three questions on the samples, in a library of their own; fails when an answer has no citation.
demo: export FOOTNOTE_LIBRARY = .stamps/demo-library
demo: models
	$(BIN)/python -m ingest samples
	$(BIN)/python -m rag ask --cited $(DEMO)

test: .stamps/requirements-dev
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadgroup $(ARGS)

# What needs neither weights nor patience, for while one works.
quick: .stamps/requirements-dev
	$(BIN)/python -m pytest -n logical --maxprocesses 4 -m "not model and not slow" $(ARGS)

check: .stamps/requirements-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Kills an ingest a hundred times at random moments; fails when the library is not what a fresh one is.
kills: .stamps/requirements-dev
	$(BIN)/python -m benchmarks.kills --rounds $(or $(ROUNDS),100)

# How fast each part is beside its peers; minutes, with public sets hours (see benchmarks/__main__.py).
bench: models
	$(BIN)/python -m benchmarks $(ARGS)

models: .stamps/requirements
	@$(BIN)/python -m rag models pull

setup: .stamps/requirements

$(BIN)/python:
	$(PYTHON) -m venv .venv

.stamps/requirements: requirements.txt | $(BIN)/python
	@mkdir -p .stamps
	@echo "Installing the packages, once; this takes some minutes."
	$(BIN)/pip install -q $(PIP_ARGS) -r requirements.txt
	@touch $@

.stamps/requirements-dev: requirements-dev.txt .stamps/requirements
	$(BIN)/pip install -q -r requirements-dev.txt
	@touch $@
