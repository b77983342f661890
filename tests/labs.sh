#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# labs.sh [LAB]: all labs graded (solution, starter, planted bugs, wrong answers), then the handout and
# hostile submissions; or one lab alone.  Ends with "N passed, N failed", and the exit status says so.
#
# From the environment: JOBS, how many at a time (2); SEEDS, names of students whose parameters
# each solution is graded with beside the usual ones.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
tools/guest/packages.sh labs || exit 1
out=$PWD/build/test/labs.taps${1:+/$1}
rm -rf "$out"
mkdir -p "$out"

# One of them, with its points in build/test/labs.taps/NAME.tap; shown whole when it has ended.
one() { # NAME COMMAND...
	local name=$1 status=0
	shift
	"$@" >"$out/$name.tap" 2>"$out/$name.stderr" || status=$?
	# Without its plan it came to no end.
	grep -q '^1\.\.[1-9]' "$out/$name.tap" || echo "not ok - $name came to no end: status $status" >>"$out/$name.tap"
	flock "$out" cat "$out/$name.stderr" "$out/$name.tap"
}
export -f one
export out

if [[ ${1-} ]]; then
	one "$1" labs/lab selftest "$1"
else
	# The longest first.
	{
		for lab in labs/[0-9]*; do
			lab=$(basename "$lab")
			echo "$lab labs/lab selftest ${lab%%-*}"
		done | sort -r
		echo "handout tests/labs-handout.sh"
	} | xargs -P "${JOBS:-2}" -L 1 bash -c 'one "$@"' one
	one bad tests/labs-bad.sh
fi
passed=$(cat "$out"/*.tap | grep -c '^ok')
failed=$(cat "$out"/*.tap | grep -c '^not ok')
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
