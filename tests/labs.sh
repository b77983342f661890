#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# labs.sh [LAB]: all labs graded (solution, starter, planted bugs, wrong answers), then the handout and
# hostile submissions; or one lab alone.  Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
tools/guest/packages.sh labs || exit 1
out=build/test/labs.tap
mkdir -p build/test
{
	# shellcheck disable=SC2086 # none or one
	labs/lab selftest ${1-}
	if [[ ! ${1-} ]]; then
		tests/labs-handout.sh
		tests/labs-bad.sh
	fi
} 2> >(tee "$out.stderr" >&2) | tee "$out"
passed=$(grep -c '^ok' "$out")
failed=$(grep -c '^not ok' "$out")
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
