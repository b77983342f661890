#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# labs-handout.sh: a handout has what students need, none of the solutions, and works: a lab built and
# graded there gives what it gives here.  TAP.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
out=$root/build/test/handout
made=$out.try
points=0
point() { # WHAT COMMAND...
	local what=$1
	shift
	points=$((points + 1))
	if "$@" >"$made.said" 2>&1; then
		echo "ok $points - $what"
	else
		echo "not ok $points - $what"
		tail -n 20 "$made.said" | sed 's/^/# /'
	fi
}
absent() { ! grep -rlaF -- "$1" "$out"; }
none_of() { [[ ! $(find "$out" \( "$@" \) -print -quit) ]]; }

rm -rf "$made" "$out"
point "it is made" env OUT="$out" labs/lab handout
point "it has neither history nor tests nor planted bugs nor solved answers" \
	none_of -name .git -o -path "$out/tests/*.t" -o -name '*.sed' -o -name solve
# Of the first labs' solutions, as they stand in the driver today
for line in 'ioremap(pci_resource_start(pdev, 0), size)' '(u64)readl(reg + 4) << 32' '{ NVME_REG_ASQ + 4,' 'nvmeq->cq_phase ^= 1' \
	'goto out_destroy_workqueues'; do
	point "the driver has '$line'" grep -rqF -- "$line" kmod
	point "and nothing in the handout" absent "$line"
done
point "it refuses to be made in place of something else" bash -c "mkdir -p '$made' && touch '$made/precious' &&
	! OUT='$made' labs/lab handout && test -e '$made/precious'"

# The tool is the same, but for the sources that its walkthrough shows: not built once more here.
mkdir -p "$out/build"
cp build/nvmescope "$out/build/"
work=$out/build/lab-3
point "a lab is set up there" env LAB=3 SEED=handout "$out/labs/lab" setup
cp kmod/pci.c "$work/"
point "with the solution in it, the lab has all points for the driver there" bash -c "
	LAB=3 WORK='$work' JSON=1 '$out/labs/lab' grade | jq -e '.status == \"graded\" and .points == 9'"
echo "1..$points"
