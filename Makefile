# make demo   the demo platform on http://127.0.0.1:5000/ (PORT=5001: there) with a finished and a running class
# make test   everything: linters, types, import rules, all tests
# make lint   the first three of these
# make check  before each commit: lint, and the tests of what a change anywhere can break
# make bench  the benchmarks, one JSON line a result
# make soak   the slow tests
# make verifier  the offline verifier as a zipapp and as an HTML page, in dist/
# make env    only the environment in .venv
# Nothing has to be installed beforehand but make and Python 3.11 or newer.

BIN := .venv/bin
# A test process a core; a file stays with one of them, so what its tests share is made once.
CORES := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Texts, tables, imports, packages and digests that hold for the whole house, whatever room was changed.
HOUSE := tests/house tests/policy tests/verifier/test_golden.py tests/rules/test_reasons.py tests/ledgers/test_words.py \
	tests/kernel tests/cli/test_help.py tests/learning/test_tracker_texts.py
STAMP := .venv/.stamp

.PHONY: demo test check lint bench soak verifier env lock clean

demo: $(STAMP)
	@$(BIN)/lmscompliance demo $(if $(PORT),--port $(PORT))

test: $(STAMP)
	@tools/system-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest $(CORES)

check: lint
	@$(BIN)/pytest $(CORES) $(HOUSE)

lint: $(STAMP)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)
	@tools/system-packages
	@set -e; for script in benchmarks/*.py; do $(BIN)/python "$$script"; done

soak: $(STAMP)
	@tools/system-packages
	@$(BIN)/pytest -m soak

verifier: $(STAMP)
	@mkdir -p dist
	@$(BIN)/lmscompliance verifier zipapp dist/lmscompliance-verify.pyz
	@$(BIN)/lmscompliance verifier page dist/lmscompliance-verify.html

env: $(STAMP)

# The lock lists exactly what stands in .venv: change pyproject.toml, install by hand, test, then lock.
lock:
	@$(BIN)/python -m pip freeze --exclude-editable >requirements.lock

clean:
	rm -rf .venv demo-data dist

$(STAMP): requirements.lock pyproject.toml tools/environment
	@tools/environment
