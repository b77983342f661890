#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [unit|guest|long] [--kernel K]... [NAME...]: builds what is under test and tests it.
#
#   unit        tests/unit on this machine, guest: tests/guest in guests (default: both),
#   long        those of tests/guest that take long, or packages of their own: long-*.t
#   --kernel K  guests with this kernel (default: 6.12 and 6.1 whole, one boot each of 5.10 and 7.2)
#   NAME        only the tests of this name: test_ctf, witness
#
#   JOBS=N      from the environment: so many at a time (as there are processors and memory for)
#
# Every test is a TAP producer, run through prove. Ends with a line `N passed, N failed` that counts single test points.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tools/guest/lib.sh"
cd "$root"
results=build/test

say() { printf '%s\n' "$*"; }
usage() { sed -n '4,14s/^# \?//p' "$0" >&2; exit 2; }

# --- one test, as prove calls us -----------------------------------------------------

# Ends session PID after so many seconds, those in which it waited for a processor not counted.
patience() { # PID SECONDS WORDS
	local -A before=()
	local left=$(($2 * 1000)) pid now most
	while ((left > 0)); do
		sleep 5
		most=0
		for pid in $(pgrep -s "$1"); do
			now=$(waited_ms "$pid")
			((now - ${before[$pid]-0} <= most)) || most=$((now - ${before[$pid]-0}))
			before[$pid]=$now
		done
		left=$((left - (most < 5000 ? 5000 - most : 0)))
	done
	echo "run.sh: not over after $2 s and what it waited for a processor: ended" >>"$3"
	kill -TERM -- "-$1"
	sleep 30
	kill -KILL -- "-$1"
}

# one unit/NAME | KERNEL/NAME: its TAP, which is also kept in build/test/.
one() {
	local kind=${1%%/*} name=${1#*/} status=0 limit=1200 pid guard command tap
	tap=$results/$kind/$name.tap
	mkdir -p "${tap%/*}"
	if [[ -e $results/unreachable-$kind ]]; then
		printf '1..1\nok 1 - %s # SKIP %s\n' "$name" "$(<"$results/unreachable-$kind")" | tee "$tap"
		return
	fi
	case $kind/$name in
	unit/*.sh) command=(env -C tests/unit "./$name") ;;
	unit/*) command=(env -C tests/unit CMOCKA_MESSAGE_OUTPUT=TAP "$root/build/unit/$name") ;;
	*) command=(env KERNEL="$kind" tests/guest/"$name".t) ;;
	esac
	[[ $name != long-* ]] || limit=3600
	[[ $kind != *-sanitized ]] || limit=7200
	# cmocka's "not ok # SKIP" is none of TAP's
	setsid "${command[@]}" 2>"$tap.stderr" \
		> >(sed -uE 's/^not ok ([0-9]+) # SKIP/ok \1 # SKIP/' | tee "$tap") &
	pid=$!
	patience "$pid" "$limit" "$tap.stderr" >/dev/null 2>&1 &
	guard=$!
	# a session of its own, which ^C does not reach
	trap 'kill -TERM -- -$pid 2>/dev/null' INT TERM
	wait $pid || status=$?
	kill "$guard" 2>/dev/null || true
	wait # for tee
	((status == 0)) || {
		echo "# exit status $status; its stderr is in $tap.stderr:"
		tail -n 30 "$tap.stderr" | sed 's/^/# /'
		# a sanitizer's word at the end of a test whose points were all well
		grep -q '^not ok' "$tap" || echo "not ok - exit status $status"
	} | tee -a "$tap"
	[[ -s $tap.stderr ]] || rm -f "$tap.stderr"
	return $status
}

if [[ ${1-} == --one ]]; then
	one "$2"
	exit
fi

# --- which ---------------------------------------------------------------------------

kernels=() kinds=() names=()
while (($#)); do
	case $1 in
	unit | guest | long) kinds+=("$1") ;;
	--kernel) kernels+=("${2:?--kernel wants a kernel}"); shift ;;
	-*) usage ;;
	*) names+=("$1") ;;
	esac
	shift
done
[[ ${JOBS:-1} =~ ^[1-9][0-9]*$ ]] || { say "run.sh: JOBS=$JOBS: it is a number of tests at a time" >&2; exit 2; }
# Kernels of other releases of Debian get one boot each, unless somebody asks for more.
smoke=()
((${#kernels[@]})) || { kernels=(6.12 6.1); smoke=(5.10/old-kernel 7.2/smoke); }
((${#kinds[@]})) || kinds=(unit guest)

wanted() { # NAME
	((${#names[@]})) || return 0
	local name
	for name in "${names[@]}"; do [[ $1 == "$name" ]] && return 0; done
	return 1
}

tests=()
for kind in "${kinds[@]}"; do
	if [[ $kind == unit ]]; then
		for file in tests/unit/test_*.c tests/unit/*.sh; do
			name=$(basename "$file" .c)
			if [[ -e $file ]] && wanted "$name"; then tests+=("unit/$name"); fi
		done
		continue
	fi
	for t in "${smoke[@]}"; do
		if [[ $kind == guest ]] && wanted "${t#*/}"; then tests+=("$t"); fi
	done
	for file in tests/guest/*.t; do
		name=$(basename "$file" .t)
		[[ $name != smoke || ${names[*]-} ]] || continue
		# long ones only when asked for, by kind or by name
		if [[ $name == long-* ]]; then [[ $kind == long || ${names[*]-} ]]; else [[ $kind == guest ]]; fi || continue
		wanted "$name" || continue
		for kernel in "${kernels[@]}"; do
			# before 6.1 there is none of our modules
			if [[ $kernel != 5.* || $name == old-kernel ]]; then tests+=("$kernel/$name"); fi
		done
	done
done
if ! ((${#tests[@]})); then
	say "no test is called ${names[*]}; they are: $(cd tests && ls unit/test_*.c guest/*.t)" >&2
	exit 2
fi

# --- build ---------------------------------------------------------------------------

processors=$(nproc)
say "==> building"

# What of other releases this machine cannot get is skipped, with the reason; all else must be there.
reach() { # KERNEL
	local words=$results/unreachable-$1 kdir status=0
	rm -f "$words"
	{ kdir=$(tools/guest/kernel.sh "$1") && tools/guest/toolchain.sh "$kdir" true; } 2>"$words.log" || status=$?
	cat "$words.log" >&2
	[[ $status != 75 || $1 == 6.* ]] || tail -n 1 "$words.log" >"$words"
	rm -f "$words.log"
	((status == 0)) || [[ -e $words ]]
}

mkdir -p "$results"
mapfile -t wanted_kernels < <(printf '%s\n' "${tests[@]%%/*}" | grep -vx unit | sort -u)
for kernel in "${wanted_kernels[@]}"; do
	reach "$kernel"
	targets=(tools)
	[[ $kernel == 5.* ]] || targets+=("kmod-$kernel" "mishap-$kernel")
	[[ -e $results/unreachable-$kernel ]] || make --no-print-directory -j "$processors" "${targets[@]}"
done
for kind in "${kinds[@]}"; do
	[[ $kind != unit ]] || make --no-print-directory -j "$processors" tools
	[[ $kind != unit ]] || make --no-print-directory -j "$processors" -C tests/unit B="$root/build"
done

# --- run -----------------------------------------------------------------------------

# A guest has up to a gigabyte and is one thread, as long as it is emulated.
jobs=${JOBS-}
if [[ ! $jobs ]]; then
	jobs=$(awk '/^MemAvailable/ { print int($2 / 1300000) }' /proc/meminfo)
	((jobs <= processors)) || jobs=$processors
	((jobs)) || jobs=1
fi
say "==> testing: ${#tests[@]} files, $jobs at a time; logs will be in $results/"
for t in "${tests[@]}"; do rm -rf "${results:?}/$t" "$results/$t.tap"*; done
# The verdict is ours, below: prove's has no counts for what never reported.
prove --jobs "$jobs" --timer --exec 'tests/run.sh --one' "${tests[@]}" || true

# --- count ---------------------------------------------------------------------------

# Every planned point that did not come is a failed one.
# shellcheck disable=SC2016 # awk's
tally='
	/^1\.\.0 # SKIP/ { skipped++; print "  skipped: " name ": " substr($0, 6) >"/dev/stderr" }
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
	/^(not )?ok/ {
		seen++
		if (/# SKIP/) { skipped++; print "  skipped: " name ": " $0 >"/dev/stderr" }
		else if (/^not/) { failed++; print "  FAILED:  " name ": " $0 >"/dev/stderr" }
		else passed++
	}
	END {
		missing = planned ? plan - seen : seen ? 0 : 1
		if (missing > 0) {
			failed += missing
			print "  FAILED:  " name ": " missing " points never came" >"/dev/stderr"
		}
		if (planned && seen > plan && !failed) {
			failed++
			print "  FAILED:  " name ": more points than planned" >"/dev/stderr"
		}
		print passed + 0, failed + 0, skipped + 0
	}'
passed=0 failed=0 skipped=0
for t in "${tests[@]}"; do
	read -r p f s < <(awk -v name="$t" "$tally" "$results/$t.tap" 2>>"$results/.words" || echo 0 1 0)
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
sort "$results/.words" 2>/dev/null || true
rm -f "$results/.words"
((failed == 0)) || say "logs: $results/KERNEL/NAME/, each test's own words: $results/KERNEL/NAME.tap"
((skipped == 0)) && words='' || words=", $skipped skipped"
say "$passed passed, $failed failed$words"
((failed == 0 && passed + skipped > 0))
