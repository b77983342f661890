#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# reading.sh [MILLIONS]: what reading a recording of so many million events (10) costs, and
# what today's tools take for the same I/O. Times are those of this machine; what the table is
# for is their relation.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh

millions=${1:-10}
B=$PWD/build
dir=$B/bench/reading
events=$dir/events io=$dir/io small=$dir/small
cores=4
rm -rf "$dir"
mkdir -p "$dir"
trap 'rm -rf "$dir"' EXIT

make -s -C tests/bench B="$B" "$B/synth-recording" "$B"/bench/{scan,measure,blk-trace}
"$B/synth-recording" events "$millions" $cores "$events"
"$B/synth-recording" io "$millions" $cores "$io"
# the others are too slow for more
"$B/synth-recording" events 1 $cores "$small"
"$B/bench/blk-trace" "$events" "$dir/trace"
blk_events=$(cat "$dir"/trace.blktrace.* | wc -c)
blk_events=$((blk_events / 48))
nr_events=$("$B/bench/scan" "$events") nr_io=$("$B/bench/scan" "$io") nr_small=$("$B/bench/scan" "$small")

# M/s: millions of events a second by the clock on the wall; and core: by processor time.  Of as many runs as five seconds have
# room for, seven at most, the one in the middle.
measured() { # COMMAND...: processor time, wall time and memory of each run, to runs
	local run wall cpu peak ends
	: >"$dir/runs"
	for run in 0 1 2 3 4 5 6 7; do
		"$B/bench/measure" "$dir/measured" "$@" >"$dir/output" 2>"$dir/said" || return 1
		# the first: that the recording is in memory, as of one just made
		if ((run == 0)); then
			ends=$((SECONDS + 5))
			continue
		fi
		read -r wall cpu peak <"$dir/measured"
		echo "$cpu $wall $peak" >>"$dir/runs"
		if ((SECONDS >= ends)); then
			break
		fi
	done
}
printf '%-26s %9s %7s %7s %7s %9s %6s\n' '' events 'wall s' 'CPU s' 'M/s' 'and core' MiB
row() { # WHAT EVENTS COMMAND...
	local what=$1 n=$2 wall cpu peak
	shift 2
	if ! measured "$@"; then
		printf '%-26s not measured: %s\n' "$what" "$(tail -n 1 "$dir/said")"
		missing=$((missing + 1))
		return
	fi
	read -r cpu wall peak < <(sort -n "$dir/runs" | sed -n "$(($(wc -l <"$dir/runs") / 2 + 1))p")
	awk -v what="$what" -v n="$n" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" 'BEGIN {
		printf "%-26s %9d %7.2f %7.2f %7.2f %9.2f %6.0f\n", what, n, wall, cpu,
			n / wall / 1e6, n / cpu / 1e6, peak / 1024 }'
}

missing=0
one_core=$(taskset -cp $$ | sed "s/.*[^0-9]//") # the last that we may use
row 'a scan, events' "$nr_events" "$B/bench/scan" "$events"
row 'nvmescope report, events' "$nr_events" "$B/nvmescope" report "$events"
row '  on one core' "$nr_events" taskset -c "$one_core" "$B/nvmescope" report "$events"
row 'nvmescope timeline, events' "$nr_events" sh -c "rm -rf '$dir/pictures'; exec '$B/nvmescope' timeline '$events' -o '$dir/pictures'"
row 'a scan, io' "$nr_io" "$B/bench/scan" "$io"
row 'nvmescope report, io' "$nr_io" "$B/nvmescope" report "$io"
row '  on one core' "$nr_io" taskset -c "$one_core" "$B/nvmescope" report "$io"
row 'blkparse, as text' "$blk_events" blkparse -q -i "$dir/trace"
row 'blkparse, for btt' "$blk_events" blkparse -q -O -i "$dir/trace" -d "$dir/trace.bin"
# it leaves files where it is run
row 'btt' "$blk_events" sh -c "cd '$dir' && exec btt -i trace.bin -o btt"
row 'babeltrace2, as text' "$nr_small" babeltrace2 "$small"
row 'babeltrace2, no output' "$nr_small" babeltrace2 "$small" -o dummy
# Its format is not described: this one is of `make bench-tracing`.
trace_dat=$(find "$B/bench" -path '*/tracing-*' -name trace.dat 2>/dev/null | head -n 1)
if [[ $trace_dat ]]; then
	row 'trace-cmd report' "$(trace-cmd report -i "$trace_dat" 2>/dev/null | grep -c nvme_)" trace-cmd report -i "$trace_dat"
else
	echo 'trace-cmd report: not measured: make bench-tracing leaves it a trace'
fi
((missing == 0))
