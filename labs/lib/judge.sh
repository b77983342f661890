# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# From runs and answers to points. A lab's `grade` is a list of
#
#	check ID POINTS HINT COMMAND...    of the student's driver, in its run
#	answer ID POINTS HINT COMMAND...   COMMAND prints what the reference driver's run has
#
# A check's COMMAND, mostly a function of that file, says on stdout what it saw (the evidence), and
# exits with 0: passed, 1: failed; whatever else is an error of ours, and nobody's loss.
# For COMMAND there are
#
#	report FILTER      jq -r of `nvmescope report --json`
#	trace REGEX        events of the recording that match, as lines (tools/guest/events.sh)
#	device REGEX       lines of the device's own log, without their pci_nvme_
#	rules NAME...      these rules of `nvmescope check` held, and had occasion to
#	same WHAT GOT WANTED   says both; fails if they differ
#	clean_run          the guest came to its end and its kernel had no complaint
#	$run               directory of the run, ${p[name]} its parameters

report() { jq -r "$1" "$run/report.json"; }
trace() { grep -E -- "$1" "$run/events.txt" || true; }
device() { sed -E 's/^[^:]*:pci_nvme_//' "$run/host/qemu.log" | { grep -E -- "$1" || true; }; }
same() {
	if [[ $2 == "$3" ]]; then
		echo "$1: $2"
	else
		echo "$1: $2, but it is to be $3"
		return 1
	fi
}
rules() {
	local name verdict bad=0
	for name; do
		verdict=$(jq -r --arg name "$name" '(.checks[], .rules[]) | select(.name? == $name) | .verdict' "$run/check.json")
		[[ $verdict ]] || { echo "nvmescope check has no rule $name"; return 3; }
		echo "rule $name: $verdict"
		[[ $verdict == passed ]] || bad=1
	done
	return "$bad"
}
clean_run() {
	[[ $(device "^mmio_start_success") ]] || { echo "the device was never started"; return 1; }
	[[ ! -s $run/trouble ]] || { cat "$run/trouble"; return 1; }
	echo "the guest came to its end, its kernel without complaint"
}

# A recording is believed only as far as the device saw the same.
witnessed() {
	local rows
	rows=$(jq -r '.checks[] | select(.name == "witness") | select(.verdict == "FAILED" or .verdict == "failed") | .rows[] |
		select(.verdict != "passed") | "queue \(.queue): \(.recorded) \(.what) recorded, \(.logged) logged by the device"' "$run/check.json" | head -n 2)
	[[ ! $rows ]] || { echo "the recording is not what the device saw: $rows" | printable 400; return 1; }
}

tests=()
add_test() { # ID MAX STATUS EVIDENCE HINT
	tests+=("$(jq -cn --arg id "$1" --argjson max "$2" --arg status "$3" --arg evidence "$4" --arg hint "$5" \
		'{id: $id, points: (if $status == "pass" then $max else 0 end), max: $max, status: $status,
		  evidence: $evidence, hint: (if $status == "pass" then "" else $hint end)}')")
}

# Why nothing can be told of $run, if so: STATUS and TEXT
unusable() {
	local outcome
	outcome=$(cat "$run/outcome" 2>/dev/null || echo "error it was not run")
	case $outcome in
	ok) return 1 ;;
	error*) printf 'error\n%s\n' "${outcome#* }" ;;
	*) printf 'fail\n%s\n' "${outcome#* }" ;;
	esac
}

check() {
	local id=$1 max=$2 hint=$3 run=$work/student status=0 evidence why
	shift 3
	if why=$(unusable); then
		add_test "$id" "$max" "${why%%$'\n'*}" "${why#*$'\n'}" "$hint"
		return
	fi
	if ! evidence=$(witnessed); then
		add_test "$id" "$max" fail "$evidence" "$hint"
		return
	fi
	evidence=$(set -eo pipefail; "$@" 2>&1) || status=$?
	evidence=$(printable 600 <<<"$evidence")
	case $status in
	0) add_test "$id" "$max" pass "$evidence" "$hint" ;;
	1) add_test "$id" "$max" fail "$evidence" "$hint" ;;
	*) add_test "$id" "$max" error "the check ended with status $status: $evidence" "$hint" ;;
	esac
}

# given ID: the student's answer, in one line
given() {
	local line
	line=$(head -c "$MAX_FILE" "$answers" 2>/dev/null | grep -m 1 -aE "^$1:" || true)
	normal "${line#*:}"
}
# Numbers in decimal, words in lower case, with one space between them.
normal() {
	local word words=() line
	line=$(printable 400 <<<"$1" | tr ',;' '  ')
	read -ra words <<<"$line"
	line=''
	for word in "${words[@]}"; do
		word=${word,,}
		[[ $word =~ ^0x0*([0-9a-f]{1,15})h?$ ]] && word=$((16#${BASH_REMATCH[1]}))
		[[ $word =~ ^0+([0-9]+)$ ]] && word=${BASH_REMATCH[1]}
		line+="${line:+ }$word"
	done
	echo "$line"
}

answer() {
	local id=$1 max=$2 hint=$3 run=$work/reference key status=0 got why
	shift 3
	if why=$(unusable); then
		# The reference driver is ours, and so is its failure.
		add_test "$id" "$max" error "${why#*$'\n'}" "$hint"
		return
	fi
	key=$(set -eo pipefail; "$@" 2>&1) || status=$?
	key=$(normal "$key")
	if ((status)) || [[ ! $key ]]; then
		add_test "$id" "$max" error "the key could not be made: $key" "$hint"
		return
	fi
	got=$(given "$id")
	if [[ ! $got ]]; then
		add_test "$id" "$max" fail "no answer in the file answers" "$hint"
	elif [[ $got == "$key" ]]; then
		add_test "$id" "$max" pass "$got" "$hint"
	else
		# The key itself is shown to the teacher only: it would be the next submission's answer.
		add_test "$id" "$max" fail "answered $got${SHOW_KEYS:+, the run has $key}" "$hint"
	fi
}

# judge: the runs in $work and the file $answers, by the lab's grade, as JSON
judge() {
	local status=graded version
	tests=()
	# shellcheck source=/dev/null
	. "$lab_dir/grade"
	version=$(qemu-system-x86_64 --version | sed -nE '1s/.*version ([0-9.]+).*/\1/p')
	printf '%s\n' "${tests[@]}" | jq -s --argjson lab "$lab" --arg seed "$seed" --arg run "$run_id" \
		--arg kernel "$(<"$(kernel_dir)/release")" --arg qemu "$version" \
		'{schema: "nvmescope-lab/1", lab: $lab, run_id: $run, kernel: $kernel, qemu: $qemu, seed: $seed,
		  status: (if any(.[]; .status == "error") then "error" else "graded" end),
		  points: (map(.points) | add), max: (map(.max) | add), tests: .}'
}

# show_grade FILE.json: for people
show_grade() {
	jq -r '"lab \(.lab), seed \(.seed), Linux \(.kernel)",
		(.tests[] | "  \({pass: "ok   ", fail: "FAIL ", error: "ERROR", skip: "skip "}[.status]) \(.points)/\(.max)  \(.id): \(.evidence)",
			(if .status == "pass" or .hint == "" then empty else "             hint: \(.hint)" end)),
		(if .status == "error" then "not graded: the machinery failed (see above), nothing is lost; run it again"
		 else "\(.points) of \(.max) points" end)' "$1"
}
