# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What guest tests share, on the host's side. A test is a bash file NAME.t that prints
# TAP; run.sh runs it for each kernel, by hand it is `KERNEL=6.1 tests/guest/NAME.t`.
#
#	. "$(dirname "$0")/lib.sh"
#	plan 5
#	guest init --nvme mdts=8 -- init-guest.sh record   # 3 points, say, and 1 for its end
#	check "it draws" "$nvmescope" timeline "$logs/init/recording"
#
# plan N                        how many points there are; fewer or more is a failure
# guest LABEL [OPTIONS] -- SCRIPT [ARGS]
#                               boots with these options of vm.sh, our modules on /modules
#                               and `nvmescope`; runs SCRIPT of this directory, whose
#                               points (see in-guest.sh) become ours, and adds one: that
#                               it came to its end and the kernel had no complaint.
#                               /out in the guest is $logs/LABEL here.
# check WHAT COMMAND...         passes if the command succeeds; shows its words if not
# fails WHAT STATUS REGEX COMMAND...   passes if it exits with STATUS (any: 1 to 125), and
#                               each line of REGEX matches what it says on stderr
# is WHAT GOT WANTED            passes if both are the same text
# skip WHAT WHY [N]             N points (1) that cannot be told here, and why
# diag TEXT                     a comment
#
# events DIR                    a recording as lines of text, read by babeltrace2
#
# $kernel (6.12), $logs (a directory of this test and kernel), $modules, $nvmescope.

set -u
# shellcheck source=../../tools/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/guest/lib.sh"
# shellcheck source=../../tools/guest/events.sh
. "$NVMESCOPE_ROOT/tools/guest/events.sh"

# shellcheck disable=SC2034 # the tests use these
{
	kernel=${KERNEL:-6.12}
	test_name=$(basename "$0" .t)
	build=$NVMESCOPE_ROOT/build
	logs=$build/test/$kernel/$test_name
	modules=$build/kmod/$kernel
	nvmescope=$build/nvmescope
	# serve opens it: a guest has it by --add "$mhd:$mhd"
	mhd=/usr/lib/x86_64-linux-gnu/libmicrohttpd.so.12
}
# Before 6.1 there is none of our modules.
needed=("$nvmescope")
[[ $kernel == 5.* ]] || needed+=("$modules"/nvmescope{_core,}.ko)
for file in "${needed[@]}"; do
	[[ -e $file ]] || { echo "Bail out! no $file; run: make tools kmod-$kernel"; exit 1; }
done
rm -rf "$logs"
our_modules=()
[[ ! -d $modules ]] || our_modules=(--share "$modules:/modules")
mkdir -p "$logs"
work=$(mktemp -d "${TMPDIR:-/tmp}/nvmescope-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

points=0
plan() { echo "1..$1"; }
diag() { local line; while IFS= read -r line; do printf "# %s\n" "$line"; done <<<"$*"; }
point() { # RESULT WHAT
	points=$((points + 1))
	printf '%s %d - %s\n' "$1" "$points" "$2"
}
skip() {
	local n
	for ((n = 0; n < ${3:-1}; n++)); do point ok "$1 # SKIP $2"; done
}

check() {
	local what=$1 status
	shift
	# not behind ||, where a function would go on after a failure
	(set -e; "$@") >"$work/said" 2>&1
	status=$?
	if ((status == 0)); then
		point ok "$what"
	else
		point 'not ok' "$what"
		diag "exit status $status: $*"
		diag "$(tail -n 30 "$work/said")"
	fi
}

fails() {
	local what=$1 wanted=$2 regex=$3 status line why=''
	shift 3
	(set -e; "$@") >"$work/said" 2>"$work/words"
	status=$?
	[[ $status == "$wanted" || ($wanted == any && $status -gt 0 && $status -lt 126) ]] || why="exit status $status, not $wanted"
	while read -r line; do
		[[ ! $line ]] || grep -qE -- "$line" "$work/words" || why+="${why:+; }its stderr has no '$line'"
	done <<<"$regex"
	if [[ ! $why ]]; then
		point ok "$what"
	else
		point 'not ok' "$what"
		diag "$why"
		diag "$*"
		diag "$(tail -n 30 "$work/words")"
	fi
}

is() {
	if [[ $2 == "$3" ]]; then
		point ok "$1"
	else
		point 'not ok' "$1"
		diag "got:    $2"
		diag "wanted: $3"
	fi
}

# The guest's own points, with our numbers.
guest_points() {
	local line
	[[ -e $1 ]] || return 0
	while IFS= read -r line; do
		case $line in
		'ok - '*) point ok "${line#ok - }" ;;
		'not ok - '*) point 'not ok' "${line#not ok - }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$1"
}

guest() {
	local label=$1 status=0 options=()
	shift
	while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
	shift
	mkdir -p "$logs/$label"
	"$NVMESCOPE_ROOT/tools/guest/vm.sh" --kernel "$kernel" --name "$test_name-$label" --out "$logs/$label" \
		"${our_modules[@]}" --add "$nvmescope:/usr/bin/nvmescope" "${options[@]}" \
		-- sh "/src/tests/guest/$1" "${@:2}" >"$logs/$label/output.txt" 2>&1 || status=$?
	guest_points "$logs/$label/points"
	if ((status == 0)); then
		point ok "$label: the guest came to its end, its kernel without complaint"
	else
		point 'not ok' "$label: the guest came to its end, its kernel without complaint"
		diag "vm.sh's exit status is $status; logs are in $logs/$label"
		diag "$(tail -n 30 "$logs/$label/output.txt")"
	fi
}

# For tests of the recorder alone, before their plan: a kernel that watches drivers is so slow
# that programs are interrupted by themselves, which loses events, and is counted.
not_sanitized() {
	[[ $kernel == *-sanitized ]] || return 0
	echo "1..0 # SKIP of the recorder, which a sanitized kernel is too slow for"
	exit
}

