# make check: everything quick, in about a minute. make verify: the slow statistics. make gallery: results/gallery again.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BASE := verkhny_lars
GALLERY := results/gallery/$(BASE)

.PHONY: check verify gallery

check:
	$(PYTHON) -m ruff format --check sim tests
	$(PYTHON) -m ruff check sim tests
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n auto -m "not slow"

verify:
	$(PYTHON) -m pytest -n auto -m slow

gallery:
	rm -rf build/gallery
	$(PYTHON) -m sim run scenarios/$(BASE).yaml --out build/gallery
	mkdir -p $(GALLERY)
	cd build/gallery && cp pictures/poster.png pictures/queue_by_class.png summary.csv reported.csv provenance.json $(CURDIR)/$(GALLERY)/
