PYTHON ?= $(firstword $(shell command -v python3.11 python3))
BIN := .venv/bin
BUF := node_modules/.bin/buf

.PHONY: install demo up test unit check lint protos faults leaks bench clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Limner needs Python 3.11 with venv: apt-get install python3.11-venv libpython3.11, or name one: make PYTHON=..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install -e '.[dev]' -c constraints.txt
	@echo "compiling the matting solver once, half a minute"
	@$(BIN)/python -c 'import pymatting'
	@touch $@

demo: install
	$(BIN)/python examples/demo.py

up: install
	$(BIN)/limner up

test: install
	$(BIN)/pytest

unit: install
	$(BIN)/pytest tests/unit

check: lint unit

lint: install $(BUF)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy typing_tests/client.py
	$(BIN)/mypy bench/*.py
	$(BUF) format --diff --exit-code protos
	$(BUF) lint protos
	$(BUF) breaking protos --against protos/promised.binpb
	$(BIN)/python protos/generate.py --check
	$(BIN)/python clients/python/generate_sync.py --check

protos: install
	$(BIN)/python protos/generate.py
	$(BIN)/python clients/python/generate_sync.py

faults: install
	$(BIN)/pytest tests/faults -m 'long or not long' --table docs/faults.md

CYCLES ?= 500
MINUTES ?= 30

leaks: install
	$(BIN)/pytest tests/leaks -m 'long or not long' --timeout 0 --cycles $(CYCLES) --minutes $(MINUTES)

bench: install
	$(BIN)/python bench/bench.py
	$(BIN)/python bench/serving.py

$(BUF): package.json
	npm install --no-audit --no-fund --ignore-scripts --no-package-lock
	@touch $@

clean:
	rm -rf .venv node_modules demo .limner
