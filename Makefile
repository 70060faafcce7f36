# Environment, demo and tests. `make help` lists the targets and the variables.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
# Set by the Python of such an environment for its children: ours must set its own paths.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

# A sourced ROS distribution brings ROS, NumPy and OpenCV; otherwise they come from PyPI.
DISTRIBUTION := $(if $(AMENT_PREFIX_PATH),$(ROS_DISTRO))
ROS_WHEELS ?= kilted
TORCH_INDEX ?=
ifdef DISTRIBUTION
# Once the packages for training were asked for, they stay.
SETS ?= runtime $(if $(wildcard $(VENV)/made-for-$(DISTRIBUTION)-runtime-train-dev),train dev,dev)
ROS_FILES :=
else
SETS ?= runtime train dev
ROS_FILES := ros-wheels$(if $(filter-out kilted,$(ROS_WHEELS)),-$(ROS_WHEELS)).txt rosdep.txt
endif
FILES := $(addprefix requirements/,$(ROS_FILES) $(addsuffix .txt,$(SETS)))

# One stamp for each way to make the environment: another way makes it anew.
space := $(subst ,, )
STAMP := $(VENV)/made-for-$(subst $(space),-,$(or $(DISTRIBUTION),$(ROS_WHEELS)-wheels) $(SETS))
INSTALLED := $(VENV)/installed

COLCON_DIR := build/colcon
COLCON := $(VENV)/bin/python -m colcon --log-base $(COLCON_DIR)/log
# NVIDIA has them for x86-64 on PyPI.
BINDINGS := $(if $(filter x86_64,$(shell uname -m)),$(foreach n,10 11,build/bindings/$(n)/installed))
BASES := --build-base $(COLCON_DIR)/build --install-base $(COLCON_DIR)/install

.PHONY: help setup demo test faults fleet cards build lint clean lock

help:
	@echo 'make setup   make $(VENV) with everything that is needed'
	@echo 'make demo    show the node at work and write build/demo/report.html'
	@echo '             SOURCE=PATH plays your own bag, video or folder of images;'
	@echo '             DEMO_ARGS=... are more arguments, DEMO_ARGS=--help lists them'
	@echo 'make test    check the style, build with colcon and run all tests'
	@echo 'make faults  provoke every fault of docs/reliability.md, also those that take long'
	@echo 'make fleet   evaluate 200 bags on a Dask fleet of which one worker is killed'
	@echo 'make cards   evaluate the shipped models anew, and compare with their cards (ROADSEG_DATA)'
	@echo 'make lint    check the style alone'
	@echo 'make clean   remove build/ and $(VENV)'
	@echo
	@echo 'PYTHON=...       Python 3.10 or newer to make $(VENV) with (python3)'
	@echo 'ROS_WHEELS=...   kilted or jazzy, where no ROS distribution is sourced (kilted)'
	@echo 'TORCH_INDEX=URL  package index with another torch than the one of PyPI, which is for'
	@echo '                 CUDA; for CPUs: https://download.pytorch.org/whl/cpu'
	@echo 'SETS=...         files of requirements/ to install ($(SETS))'
	@echo 'WORKERS=N        processes that share the tests (one per core); 0: pytest alone'

setup: $(INSTALLED)
ifdef DISTRIBUTION
	@echo 'Ready; next, in the workspace: colcon build --packages-select roadseg_ros'
else
	@echo 'Ready: . $(VENV)/bin/activate'
endif

$(STAMP): $(FILES) requirements/lock.txt requirements/distribution.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo 'Python 3.10 or newer is needed: make setup PYTHON=python3.x' >&2; exit 1; }
ifndef DISTRIBUTION
	@[ "$$(uname -sm)" = 'Linux x86_64' ] || { echo 'Here ROS comes from a distribution only' \
	    '(PyPI has it for x86-64 Linux): source its setup.bash first.' >&2; exit 1; }
endif
	@# The base interpreter: an activated $(VENV) cannot clear itself.
	@base=$$($(PYTHON) -c 'import os, sys; print(os.path.realpath(sys.executable))'); \
	"$$base" -m venv --clear $(if $(DISTRIBUTION),--system-site-packages) $(VENV)
	@touch $(VENV)/COLCON_IGNORE
ifdef DISTRIBUTION
	@$(PYTHON) requirements/distribution.py > $(VENV)/constraints.txt
else
	@cp requirements/lock.txt $(VENV)/constraints.txt
endif
	@echo 'Installing packages: some minutes the first time.'
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	    $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
	    --constraint $(VENV)/constraints.txt $(addprefix --requirement ,$(FILES))
ifndef DISTRIBUTION
	@# The ROS wheels fill an ament prefix but leave it off the path: for colcon, which chains
	@# these files, and for every Python that starts here.
	@for shell in sh bash zsh; do \
	    echo 'export AMENT_PREFIX_PATH="$(CURDIR)/$(VENV)$${AMENT_PREFIX_PATH:+:$$AMENT_PREFIX_PATH}"' \
	        > $(VENV)/local_setup.$$shell; \
	done
	@echo 'import os, sys; os.environ["AMENT_PREFIX_PATH"] = os.pathsep.join(dict.fromkeys([*filter(None,' \
	    'os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)), sys.prefix]))' > \
	    "$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ament_prefix.pth"
endif
	@touch $@

# The project itself, from its source: the commands in $(VENV)/bin, and what `colcon build` copies
# to share/ (pip leaves it out of an editable install) as links.
$(INSTALLED): $(STAMP) setup.py setup.cfg pyproject.toml
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	    --no-build-isolation --no-deps --editable .
	@mkdir -p $(VENV)/share/roadseg_ros $(VENV)/share/ament_index/resource_index/packages
	@ln -sfn -t $(VENV)/share/roadseg_ros $(addprefix $(CURDIR)/,package.xml launch config models)
	@ln -sfn -t $(VENV)/share/ament_index/resource_index/packages $(CURDIR)/resource/roadseg_ros
	@touch $@

demo: setup
	$(VENV)/bin/python -m roadseg_ros.demo $(if $(SOURCE),--source "$(SOURCE)") $(DEMO_ARGS)

lint: setup
	$(VENV)/bin/ruff check .

build: setup
	@mkdir -p build && touch build/COLCON_IGNORE
	$(COLCON) build --paths . $(BASES)

# The Python side of TensorRT and CUDA, which imports without the rest of them: with it the tests
# compare the calls of the TensorRT engine. Each version has its own folder, outside $(VENV).
build/bindings/%/installed: requirements/bindings-%.txt $(STAMP)
	@rm -rf $(@D)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    --only-binary :all: --target $(@D) --requirement $< || { \
	    echo "No bindings of TensorRT $*; to test without them: make test BINDINGS=" >&2; exit 1; }
	@touch $@

# Each holds two ROS domains, of which there are 100.
WORKERS ?= auto --maxprocesses 8
# colcon prints what pytest prints; at the end once more, what matters.
test: $(if $(filter train,$(SETS)),lint build $(BINDINGS))
ifeq ($(filter train,$(SETS)),)
	@echo 'The tests train and export, too:' "make test SETS='runtime train dev'" >&2; exit 1
endif
	@log=$(COLCON_DIR)/log/latest_test/roadseg_ros/stdout.log; status=0; \
	set +u; . $(COLCON_DIR)/install/setup.bash; set -u; \
	export ROS_LOG_DIR=$(CURDIR)/build/log; \
	$(COLCON) test --paths . $(BASES) --return-code-on-test-failure \
	    --event-handlers console_direct+ \
	    --pytest-args -n $(WORKERS) --dist worksteal $(PYTEST_ARGS) || status=$$?; \
	$(COLCON) test-result --verbose --test-result-base $(COLCON_DIR)/build || status=1; \
	grep -aE '^=+ .*[1-9][0-9]* passed.* in ' "$$log" | tail -n 1 || { \
	    echo 'No test passed.'; status=1; }; \
	exit $$status

# With those of five seconds and more, which `make test` leaves out.
faults: setup
	@ROS_LOG_DIR=$(CURDIR)/build/log \
	    $(VENV)/bin/python -m pytest test/faults -m '' --verbose --durations=0 \
	    --junitxml=build/faults.xml $(PYTEST_ARGS)

# Two hundred bags on a Dask scheduler and workers of which one is killed; `make test` leaves it out.
fleet: setup
	@$(VENV)/bin/python -m pytest test/roadseg_core/evaluation/fleet -m slow_fleet --verbose \
	    --durations=0 --junitxml=build/fleet.xml $(PYTEST_ARGS)

# Where the data is; else they are skipped.
cards: setup
	$(VENV)/bin/python -m pytest test/test_cards.py -m slow_card --verbose $(PYTEST_ARGS)

clean:
	rm -rf build $(VENV) *.egg-info

# Pin what the pinned packages bring along, for every supported Python at once. After a change of a
# version in requirements/.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check \
	    packaging $$(grep '^uv==' requirements/dev.txt)
	build/lock/bin/python requirements/lock.py > build/lock.txt
	mv build/lock.txt requirements/lock.txt
