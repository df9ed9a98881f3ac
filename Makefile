# Everything runs in .venv; each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: report test lint bench lock clean

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock (once)."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "etia needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

report: $(READY)
	@echo "Runs the flagship study with two of its scenarios; the reports lie in the folder named at the end."
	@$(BIN)/etia run models/look_east --scenario detente --scenario regional_war --draws 40

test: $(READY)
	@echo "Runs all tests; the result is the last line."
	@$(BIN)/python -m pytest -q

lint: $(READY)
	@echo "Checks style and types; silent where all is well."
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary etia

bench: $(READY)
	@echo "Measures speed as ratios; the tables lie in benchmarks/results."
	@$(BIN)/python -m benchmarks

lock:
	@$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb')); print('\n'.join(p['build-system']['requires'] + p['project']['dependencies'] + [r for v in p['project']['optional-dependencies'].values() for r in v] + p['dependency-groups']['dev']))" > $(VENV)/requirements.in
	@$(BIN)/pip-compile --quiet --generate-hashes --no-header --no-annotate --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock $(VENV)/requirements.in

clean:
	rm -rf $(VENV) build dist runs
