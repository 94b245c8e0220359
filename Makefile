# `make` lists the targets.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BASE := verkhny_lars
GALLERY := results/gallery/$(BASE)
LEVERS := $(BASE)_levers
SCREENING := $(BASE)_screening
NETWORK := russia_2022
CLOSURE := verkhny_lars_closes_28_september
VALIDATED := verkhny_lars finland mongolia kazakhstan russia_2022

.PHONY: help check format verify wheel ci constraints gallery gallery-screening gallery-levers gallery-network validation sample-data what-ifs recovery assumptions forecast-2022

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

format:  ## format the code and fix what the linter can fix
	$(PYTHON) -m ruff format sim tests
	$(PYTHON) -m ruff check --fix sim tests

check:  ## format, lint, types and fast tests
	$(PYTHON) -m ruff format --check sim tests
	$(PYTHON) -m ruff check sim tests
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n auto -m "not slow"

verify:  ## slow tests: statistics against theory, random scenarios, the wheel
	$(PYTHON) -m pytest -n auto -m slow

wheel:  ## build the wheel and the source archive in dist/
	$(PYTHON) -m hatchling build

ci:  ## all tests of the last commit in fresh environments, as .ci/run does
	.ci/run

constraints:  ## the same, and write the versions it used to constraints.txt
	.ci/run --constraints constraints.txt

gallery:  ## refit Verkhny Lars, remake results/gallery/verkhny_lars and the pages of validation, what-ifs, assumptions and forecast
	rm -rf build/gallery
	$(PYTHON) -m sim calibrate calibration/$(BASE).yaml --held-out --update --out build/gallery/calibration --quiet
	$(PYTHON) -m sim run scenarios/$(BASE).yaml --replications 300 --replicates --out build/gallery/base
	$(PYTHON) -m sim run scenarios/$(BASE).yaml --point --out build/gallery/point
	$(PYTHON) -m sim audit calibration/$(BASE).yaml --out build/gallery/audit --quiet
	mkdir -p $(GALLERY)/point $(GALLERY)/audit $(GALLERY)/calibration
	cd build/gallery/base && cp pictures/poster.png pictures/queue_by_class.png pictures/stuck_at_night.png nights.csv summary.csv reported.csv provenance.json $(CURDIR)/$(GALLERY)/
	cd build/gallery/point && cp pictures/poster.png summary.csv reported.csv provenance.json $(CURDIR)/$(GALLERY)/point/
	cd build/gallery/audit && cp sentences.md audit.csv audit.png provenance.json $(CURDIR)/$(GALLERY)/audit/
	cd build/gallery/calibration && cp -r page.md pictures parameters.csv figures.csv correlations.csv held_out.csv blocks.csv error_models.csv provenance.json $(CURDIR)/$(GALLERY)/calibration/
	$(PYTHON) docs/base_case_tables.py build/gallery/base build/gallery/calibration
	$(MAKE) gallery-screening validation what-ifs assumptions forecast-2022

gallery-screening:  ## remake results/gallery/verkhny_lars_screening
	rm -rf build/gallery/$(SCREENING)
	$(PYTHON) -m sim compare scenarios/$(BASE).yaml +screening_binds +screening_never_binds --replications 300 --out build/gallery/$(SCREENING)
	mkdir -p results/gallery/$(SCREENING)
	cd build/gallery/$(SCREENING) && cp pictures/queues.png pictures/waits_by_joining.png pictures/differences.png summary.md provenance.json $(CURDIR)/results/gallery/$(SCREENING)/
	for name in screening_binds screening_never_binds; do \
	  $(PYTHON) -m sim run scenarios/$(BASE).yaml --intervene $$name --replications 300 --no-pictures --quiet --out build/gallery/$$name || exit 1; \
	  cp build/gallery/$$name/reported.csv results/gallery/$(SCREENING)/reported_$$name.csv; \
	done
	$(PYTHON) docs/screening_table.py

assumptions:  ## remake docs/assumptions.md, in about twenty minutes
	$(PYTHON) docs/assumptions.py

forecast-2022:  ## remake docs/forecast_2022.md: fit to the figures until 25 September and play on, in about twenty minutes
	$(PYTHON) docs/forecast_2022.py

sample-data:  ## remake docs/sample_data/ from scenarios/sample_port.yaml, in about ten seconds
	$(PYTHON) docs/sample_data.py

what-ifs:  ## remake docs/what_ifs.md, in about five minutes
	$(PYTHON) docs/what_ifs.py

recovery:  ## simulation-based calibration of Verkhny Lars, and under two wrong models (docs/verification.md), up to two hours
	rm -rf build/recovery
	$(PYTHON) -m sim calibrate calibration/$(BASE).yaml --recovery 200 --refits 10 --out build/recovery/recovery
	$(PYTHON) -m sim calibrate calibration/$(BASE).yaml --recovery 100 --intervene rumour_of_closure --out build/recovery/recovery_rumour
	$(PYTHON) -m sim calibrate calibration/$(BASE).yaml --recovery 60 --intervene twice_the_booths --out build/recovery/recovery_booths
	cp -r build/recovery/* $(GALLERY)/

gallery-levers:  ## remake the sweep of the gallery, in about six minutes
	$(PYTHON) -m sim sweep sweeps/$(LEVERS).yaml --out build/gallery/$(LEVERS)
	mkdir -p results/gallery/$(LEVERS)
	cd build/gallery/$(LEVERS) && cp pictures/*.png sensitivity.csv provenance.json $(CURDIR)/results/gallery/$(LEVERS)/

gallery-network:  ## remake results/gallery/russia_2022
	rm -rf build/gallery/$(NETWORK)
	$(PYTHON) -m sim run scenarios/$(NETWORK).yaml --replications 100 --out build/gallery/$(NETWORK)/run
	$(PYTHON) -m sim compare scenarios/$(NETWORK).yaml +$(CLOSURE) --replications 100 --out build/gallery/$(NETWORK)/closure
	$(PYTHON) -m sim calibrate calibration/$(NETWORK).yaml --out build/gallery/$(NETWORK)/calibration --quiet
	mkdir -p results/gallery/$(NETWORK)/closure results/gallery/$(NETWORK)/calibration
	cd build/gallery/$(NETWORK)/run && cp pictures/network.png pictures/flows.png flows.csv reported.csv provenance.json $(CURDIR)/results/gallery/$(NETWORK)/
	cd build/gallery/$(NETWORK)/closure && cp pictures/diverted.png summary.md flows.csv provenance.json $(CURDIR)/results/gallery/$(NETWORK)/closure/
	cd build/gallery/$(NETWORK)/calibration && cp -r page.md pictures parameters.csv figures.csv correlations.csv $(CURDIR)/results/gallery/$(NETWORK)/calibration/

validation:  ## score the figures that no fit has used, and remake docs/validation.md and its pictures
	rm -rf build/validation
	for name in $(VALIDATED); do \
	  $(PYTHON) -m sim validate calibration/$$name.yaml --page docs/validation.md --out build/validation/$$name --quiet || exit 1; \
	done
