# SPDX-License-Identifier: GPL-2.0
#
# The one entry. `make help` lists what it can do.

KERNEL ?= 6.12
BUILD := $(abspath build)
GUEST := tools/guest
# What a guest needs of ours; CACHE may be shared by several clones.
export NVMESCOPE_CACHE ?= $(BUILD)/cache

.PHONY: all help demo lab record grade submit handout regrade check-labs check check-unit check-guest check-long check-kernels check-walkthrough check-sanitized soak bench bench-moved bench-driver bench-tracing fuzz lint vm compare clean tools kmod packages install man

all: packages tools kmod ## build the tool and the modules (KERNEL=6.12, 6.1 or 7.2)

help: ## this list
	@echo "nvmescope: an NVMe driver that shows its work, and the instruments to watch it"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

demo: packages tools kmod ## follow a controller from nvme_probe to its first I/Os, and draw it
	@KERNEL=$(KERNEL) $(GUEST)/demo.sh

check: packages tools ## all tests: units on the host, the driver in guests of 6.12 and 6.1, one boot each of 5.10 and 7.2
	@tests/run.sh

check-unit: packages tools ## the host's tests alone
	@tests/run.sh unit

check-guest: packages tools ## the guests' tests alone
	@tests/run.sh guest

check-long: packages tools ## real clients at length: xfs, partitions, device-mapper, md, udev, smartctl; compare with regressions planted, and with none
	@$(GUEST)/packages.sh long
	@tests/run.sh long

check-walkthrough: packages tools ## the walkthrough's page in headless Chromium and Firefox, which it installs
	@$(GUEST)/packages.sh browser
	@tests/run.sh unit test_walkthrough test_browser

check-labs: packages tools ## every lab: solutions, starters, planted bugs, wrong answers, bad submissions (LAB=n: one; JOBS=2 SEEDS="ben tom")
	@tests/labs.sh $(LAB)

check-kernels: packages tools ## the whole matrix: the guests' tests on 5.10, 6.1, 6.12 and 7.2 (docs/kernels.md; JOBS=2: so many at a time)
	@tests/run.sh guest --kernel 5.10 --kernel 6.1 --kernel 6.12 --kernel 7.2

check-sanitized: packages tools ## the guests' tests on a kernel with KASAN, lockdep, kmemleak...; builds it once
	@tests/run.sh guest --kernel 6.12-sanitized

lab: packages tools ## sets up lab LAB=n in build/lab-n (WORK=...), and shows it in a guest
	@$(GUEST)/packages.sh labs
	@labs/lab setup

record: packages tools ## lab LAB=n: a recording of what is there now, in WORK/recording (REFERENCE=1: of the reference driver)
	@labs/lab record

grade: packages tools ## lab LAB=n: builds it, runs it in fresh guests, shows each check with its points (JSON=1)
	@labs/lab grade

submit: packages tools ## lab LAB=n: one small file to hand in
	@labs/lab submit

regrade: packages tools ## grades all submissions in DIR=..., in parallel (JOBS=n JSON=1)
	@$(GUEST)/packages.sh labs
	@labs/lab regrade

handout: packages tools ## what students get, without solutions, into build/handout (OUT=...)
	@$(GUEST)/packages.sh labs
	@labs/lab handout

soak: packages tools kmod ## verified I/O under random trouble (MINUTES=30 SEED=... KERNEL=6.12)
	@KERNEL=$(KERNEL) tests/soak/soak.sh

bench: packages $(if $(filter nvmescope,$(DRIVER)),kmod) ## instructions per I/O by symbol and part of the kernel (KERNEL=6.12 DRIVER=nvmescope, or inbox)
	@$(GUEST)/packages.sh bench
	@tests/bench/bench.sh $(KERNEL) $(or $(DRIVER),inbox)

bench-moved: ## what two bench files differ by (A=build/bench/X.bench B=Y.bench PLOT=bars.svg)
	@tests/bench/moved.sh "$(A)" "$(B)" $(PLOT)

bench-driver: packages kmod-6.12 kmod-6.1 ## instructions per read, ours and the in-box driver's, by symbol
	@$(GUEST)/packages.sh bench
	@tests/bench/driver.sh 6.12 6.1

bench-tracing: packages tools kmod-6.12 kmod-6.1 ## instructions per read that recording adds, beside the tools there are (KERNEL=6.12 for one kernel)
	@$(GUEST)/packages.sh bench
	@tests/bench/tracing.sh $(if $(filter command line environment,$(origin KERNEL)),$(KERNEL),6.12 6.1)

fuzz: packages ## hostile recordings, logs and command lines at what reads them (FUZZ_SECONDS=600 each)
	@$(GUEST)/packages.sh fuzz
	@tests/fuzz/fuzz.sh $(or $(FUZZ_SECONDS),600) $(FUZZ_ONLY)

bench-reading: packages tools ## what reading a recording costs, beside btt, blkparse, babeltrace2 (MILLIONS=10 of events)
	@$(GUEST)/packages.sh bench
	@tests/bench/reading.sh $(MILLIONS)

bench-ring: packages tools ## what a consumer of the rings takes on this machine, as root; nothing goes uncounted
	@tests/bench/ring.sh

lint: packages tools kmod ## shellcheck, clang-format, sparse, checkpatch
	@tests/lint.sh

compare: packages tools ## two kernels, one workload: is B worse, where, are we sure (A=6.1 B=6.12 WORKLOAD=file.fio DRIVER=nvmescope)
	@A="$(A)" B="$(B)" $(GUEST)/compare.sh

vm: packages tools kmod ## a shell in the guest, the device in its slot, our modules at hand
	@$(GUEST)/vm.sh --kernel $(KERNEL) --interactive --share $(BUILD)/kmod/$(KERNEL):/modules \
		--add $(BUILD)/nvmescope:/usr/bin/nvmescope

packages:
	@$(GUEST)/packages.sh

tools: | packages
	@$(MAKE) -s -C tools B=$(BUILD)

# Each kernel has a directory: what differs between them is found out by compiling.
kmod: kmod-$(KERNEL)
kmod-%: | packages
	@kdir=$$($(GUEST)/kernel.sh $*) && \
		$(GUEST)/toolchain.sh $$kdir $(MAKE) -s -C kmod KDIR=$$kdir/build OUT=$(BUILD)/kmod/$*

man: tools ## manual page and completion for bash, from the option tables
	@$(BUILD)/nvmescope help --man >$(BUILD)/nvmescope.1
	@$(BUILD)/nvmescope help --completion >$(BUILD)/nvmescope.bash

PREFIX ?= /usr/local
install: man ## the tool, its manual page and completion into PREFIX (/usr/local)
	install -D -m 755 $(BUILD)/nvmescope $(DESTDIR)$(PREFIX)/bin/nvmescope
	install -D -m 644 $(BUILD)/nvmescope.1 $(DESTDIR)$(PREFIX)/share/man/man1/nvmescope.1
	install -D -m 644 $(BUILD)/nvmescope.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nvmescope

# What tests of the driver load beside it.
mishap-%: kmod-%
	@mkdir -p $(BUILD)/mishap/$*
	@ln -sf $(abspath tests/guest/mishap)/* $(BUILD)/mishap/$*/
	@kdir=$$($(GUEST)/kernel.sh $*) && $(GUEST)/toolchain.sh $$kdir \
		$(MAKE) -s --no-print-directory -C $$kdir/build M=$(BUILD)/mishap/$* \
		KMOD=$(BUILD)/kmod/$* modules

clean: ## remove what was built; the kernels in build/cache stay
	rm -rf $(filter-out $(BUILD)/cache,$(wildcard $(BUILD)/*))
