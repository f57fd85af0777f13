# Every verb a developer needs. `make help` lists them.

VENV    := .venv
PY      := $(VENV)/bin/python
STAMPS  := $(VENV)/stamps
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset demo-story screenshots dev test test-unit test-e2e test-nightly mutants check format strings lock faults faults-long bench-intake bench-drain bench-money bench-proxy bench-live bench-storefront clean bench-payouts

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/runtime  ## A working marketplace on this machine, with a Shopify of its own; Ctrl-C stops it
	@$(PY) -m demo up

demo-reset: $(STAMPS)/runtime  ## Forget everything the demo knows
	@$(PY) -m demo reset

demo-story: $(STAMPS)/runtime  ## Play the whole main job against the demo (ARGS=--json for machines)
	@$(PY) -m demo story $(ARGS)

screenshots: $(STAMPS)/dev  ## The README's pictures, and every page at two widths, from a running demo (ARGS=portal for some)
	@$(PY) -m demo screenshots $(ARGS)

dev: $(STAMPS)/runtime  ## Everything but the development store: what `shopify app dev` starts
	@$(VENV)/bin/stallkeeper dev

test: $(STAMPS)/dev $(STAMPS)/chromium  ## All tests: unit, scenario, browser
	@$(PY) -m pytest -n auto $(ARGS)

test-nightly: $(STAMPS)/dev  ## The invariants of the books over 10,000 generated histories each
	@STALLKEEPER_HISTORIES=10000 $(PY) -m pytest tests/orders/test_properties*.py tests/orders/test_histories_with_payouts.py $(ARGS)

test-unit: $(STAMPS)/dev  ## The tests that need no browser
	@$(PY) -m pytest -n auto -m "not e2e" $(ARGS)

test-e2e: $(STAMPS)/dev $(STAMPS)/chromium  ## The browser tests alone
	@$(PY) -m pytest -m e2e $(ARGS)

faults: $(STAMPS)/dev  ## Ten minutes of kills, cuts and crashes under traffic (ARGS="--seconds 60 --seed 1")
	@$(PY) -m tests.faults.storm $(ARGS)

faults-long: $(STAMPS)/dev  ## The same ten minutes in each run: its seed is fixed; over 100,000 webhooks, over 40 kills
	@$(PY) -m tests.faults.storm --seconds 600 --seed 20261120 --per-second 220 --copies 16 $(ARGS)

bench-intake: $(STAMPS)/dev  ## Webhooks taken in per second, beside Shopify's own Node packages (bench/README.md)
	@$(PY) -m bench.intake $(ARGS)

bench-money: $(STAMPS)/dev  ## Orders booked per second, and what the books' pages cost at a million entries
	@$(PY) -m bench.money $(ARGS)

bench-drain: $(STAMPS)/dev  ## Webhooks worked off per second by one worker process
	@$(PY) -m bench.drain $(ARGS)

bench-live: $(STAMPS)/dev  ## What ten thousand open pages cost, and how soon they all hear of a stock change
	@$(PY) -m bench.live $(ARGS)

mutants: $(STAMPS)/dev  ## Change the money rules a thousand times, and see that a test fails each time
	@$(VENV)/bin/mutmut run $(ARGS)
	@$(VENV)/bin/mutmut results

bench-payouts: $(STAMPS)/dev  ## A payout batch for 10,000 vendors over 1,000,000 entries
	@$(PY) -m bench.money_payouts $(ARGS)

bench-proxy: $(STAMPS)/dev  ## Customers' bulk syncs and vendors' pages per second
	@$(PY) -m bench.syncs $(ARGS)

bench-storefront: $(STAMPS)/dev $(STAMPS)/chromium  ## What the blocks add to the theme's pages: Core Web Vitals, bytes, requests
	@$(PY) -m bench.storefront $(ARGS)

check: $(STAMPS)/dev  ## What a change must pass: format, lint, types, import contracts, tests
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy
	@$(MAKE) --no-print-directory test

format: $(STAMPS)/dev  ## Put the code in order
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

strings: $(STAMPS)/dev  ## Bring app/translations up to date with the sentences in the sources (docs/languages.md)
	@$(PY) -m scripts.strings

lock: $(STAMPS)/dev  ## Renew the lock files after a change of pyproject.toml
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --python-version 3.11 --extra devstore -o requirements.lock pyproject.toml
	@$(VENV)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --python-version 3.11 --extra devstore --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## Remove what set-up made (not the demo's data)
	rm -rf $(VENV) node_modules app/static/vendor

# -- set-up ----------------------------------------------------------------------------------------------------------

$(PY):
	@echo "Making a Python environment in $(VENV) ..."
	@sh scripts/make-venv $(VENV)

$(STAMPS)/runtime: requirements.lock package-lock.json scripts/copy-assets | $(PY)
	@echo "Installing the app's dependencies, checked by hash ..."
	@$(PY) -m pip install -q --disable-pip-version-check --use-pep517 --require-hashes -r requirements.lock
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(VENV)/bin/npm ci --omit=dev --no-audit --no-fund --no-update-notifier --loglevel=error
	@sh scripts/copy-assets
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.lock scripts/fetch-shopify-schema $(STAMPS)/runtime
	@echo "Installing what the tests need ..."
	@$(PY) -m pip install -q --disable-pip-version-check --use-pep517 --require-hashes -r requirements-dev.lock
	@$(VENV)/bin/npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@sh scripts/fetch-shopify-schema
	@touch $@

$(STAMPS)/chromium: scripts/find-chromium | $(PY)
	@sh scripts/find-chromium
	@mkdir -p $(STAMPS) && touch $@
