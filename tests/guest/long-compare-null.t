#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ten comparisons of a driver with itself on each kernel, none of which names a regression. Each has runs
# of its own; a guest makes those of two.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../compare/planted.sh"
not_sanitized
plan 15

for pair in 1 2 3 4 5; do
	compare_runs null-$pair 8 base-{1,2,3,4}
	unnamed "null $pair.1: a driver against itself" base-2 base-1
	unnamed "null $pair.2: a driver against itself" base-4 base-3
done
