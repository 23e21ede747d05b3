# Three commands matter: make demo, make test, make lint.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := uv==0.13.9
READY  := $(VENV)/.ready
REPORT := results/demo/report/index.html

.PHONY: demo test lint lock

demo: $(READY)  ## make the demo study from a seed, train, evaluate, and write its report
	$(BIN)/snakemake --cores all --quiet rules
	@echo "Done. Open this page in a browser: $(REPORT)"

test: $(READY)  ## run every test
	$(BIN)/python -m pytest

lint: $(READY)  ## what a change must pass before it is committed
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile rules workflow/Snakefile
	$(BIN)/snakemake --lint
	$(BIN)/lint-imports

lock: $(READY)  ## compile requirements.in to requirements.lock: every version pinned and hashed, no index named
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url requirements.in --output-file requirements.lock

# The environment. uv comes from pip; it installs in seconds and compiles, or every job would pay for it again.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@
