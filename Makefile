# make check: everything quick, in about a minute. make verify: the slow statistics. make gallery: results/gallery again
# (make gallery-levers: the part of it that takes ten minutes).
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BASE := verkhny_lars
GALLERY := results/gallery/$(BASE)
LEVERS := $(BASE)_levers

.PHONY: check verify gallery gallery-levers

check:
	$(PYTHON) -m ruff format --check sim tests
	$(PYTHON) -m ruff check sim tests
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n auto -m "not slow"

verify:
	$(PYTHON) -m pytest -n auto -m slow

gallery:
	rm -rf build/gallery
	$(PYTHON) -m sim run scenarios/$(BASE).yaml --out build/gallery/base
	$(PYTHON) -m sim run scenarios/$(BASE).yaml --posterior --replications 300 --out build/gallery/posterior
	$(PYTHON) -m sim audit calibration/$(BASE).yaml --out build/gallery/audit --quiet
	$(PYTHON) -m sim calibrate calibration/$(BASE).yaml --held-out --out build/gallery/calibration --quiet
	mkdir -p $(GALLERY)/posterior $(GALLERY)/audit $(GALLERY)/calibration
	cd build/gallery/base && cp pictures/poster.png pictures/queue_by_class.png summary.csv reported.csv provenance.json $(CURDIR)/$(GALLERY)/
	cd build/gallery/posterior && cp pictures/poster.png pictures/queue_by_class.png summary.csv reported.csv provenance.json $(CURDIR)/$(GALLERY)/posterior/
	cd build/gallery/audit && cp sentences.md audit.csv audit.png provenance.json $(CURDIR)/$(GALLERY)/audit/
	cd build/gallery/calibration && cp -r page.md pictures parameters.csv figures.csv correlations.csv held_out.csv provenance.json $(CURDIR)/$(GALLERY)/calibration/

gallery-levers:
	$(PYTHON) -m sim sweep sweeps/$(LEVERS).yaml --out build/gallery/$(LEVERS)
	mkdir -p results/gallery/$(LEVERS)
	cd build/gallery/$(LEVERS) && cp pictures/*.png sensitivity.csv provenance.json $(CURDIR)/results/gallery/$(LEVERS)/
