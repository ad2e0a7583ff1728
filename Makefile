# Every target is one line of dev.py, which does the work; `python3 dev.py …` does the same without make.
# Arguments: make run ARGS="--pace 0"
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test nightly postgres faults soak lint bench footprint lock clean screenshots doctor

help:
	@$(PYTHON) dev.py --help

setup run test nightly postgres faults soak lint bench footprint lock clean screenshots doctor:
	@$(PYTHON) dev.py $@ $(ARGS)
