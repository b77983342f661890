#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Twenty comparisons of a driver with itself on each kernel, none of which names a regression. A guest
# makes the runs of four: each set is in two of them, and ten have all runs for themselves.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../compare/planted.sh"
not_sanitized
plan 25

for boot in 1 2 3 4 5; do
	compare_runs null-$boot 8 base-{1,2,3,4}
	for sets in "2 1" "4 3" "3 1" "4 2"; do
		unnamed "null $boot: a driver against itself, sets $sets" "base-${sets% *}" "base-${sets#* }"
	done
done
