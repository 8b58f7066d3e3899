# make demo   install into .venv and track the committed sample video with the shipped weights
# make test   install what the tests need, then ruff, mypy --strict and pytest
# make check  the same without slow tests, side by side, on two cores
# make screenshots  the page of `mohart app` in its main states, into out/screenshots
# make docs   the site, into site/; every warning is an error
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
SAMPLE  = datasets/samples/synth-0080
OUT    ?= out/demo
# tests side by side; a file stays in one process, so that what its tests share is made once
TESTS   = pytest --dist=loadfile --no-loadscope-reorder --numprocesses
CORES  ?= 2

.PHONY: demo test check all-tests quick-tests lint types screenshots docs clean

demo: $(VENV)/.demo
	$(BIN)/mohart track $(SAMPLE) --init $(SAMPLE)/gt/gt.txt --init-frame 1 -o $(OUT) --overwrite
	$(BIN)/mohart eval init --source $(SAMPLE) --gt $(SAMPLE)/gt/gt.txt --window 75 \
		--trackers mohart,static

# mypy runs on one core, beside the first tests
test: lint
	$(MAKE) --no-print-directory --jobs=2 types all-tests

check: lint
	$(MAKE) --no-print-directory --jobs=2 types quick-tests

all-tests: $(VENV)/.dev
	$(BIN)/$(TESTS) $(CORES)

quick-tests: $(VENV)/.dev
	$(BIN)/$(TESTS) $(CORES) --quiet -m "not slow"

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

screenshots: $(VENV)/.dev
	$(BIN)/python tools/screenshots.py out/screenshots

docs: $(VENV)/.docs
	$(BIN)/python tools/write_pages.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

$(VENV)/.torch: tools/install_torch.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python tools/install_torch.py
	touch $@

$(VENV)/.demo: $(VENV)/.torch setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.torch setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@ $(VENV)/.demo

$(VENV)/.docs: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) out build site *.egg-info
