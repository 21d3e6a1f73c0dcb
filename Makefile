# marsmedia: `make demo` shows it working, `make test` tests it, `make check` is what every commit passes.
PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
# Three processes, as some tests mostly wait; a file stays in one, which makes what its tests share once. Not `loadgroup`:
# pytest-xdist 3.8 leaves groups aside, without a word, under pytest 9.2 (its issue 1386). One thread of BLAS in each:
# where cores are busy, several wait for each other ten times longer than they compute.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: env demo test test-fast check format lock bench bench-quick clean

env: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "marsmedia needs Python 3.11 or newer; name one with: make env PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: env
	$(BIN)/marsmedia demo

test: env
	$(PYTEST)

test-fast: env
	$(PYTEST) -m "not slow"

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(PYTEST)

format: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Everything that fits into MINUTES, on an idle machine; writes docs/performance.md.
MINUTES ?= 45
bench: env
	$(BIN)/python -m benchmarks --minutes $(MINUTES) --write docs/performance.md

# Processor time against another commit: make bench-quick BASE=main
BASE ?= HEAD~1
bench-quick: env
	$(BIN)/python -m benchmarks.quick $(BASE)

# One lock with hashes for Python 3.11 to 3.13; it names no index address.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet uv
	.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --extra dev \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.lock
	rm -rf .venv-lock

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache
