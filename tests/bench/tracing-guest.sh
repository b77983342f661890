#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest's part of tracing.sh: the same reads, untraced and under each recorder.
#
# Each run of iobench leaves a count with the plugin, and a line in /out/runs that says what
# it was. What a recorder lost goes to /out/lost, why it did not run to /out/skipped.
# shellcheck source=../guest/in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck source=disks.sh
. /src/tests/bench/disks.sh

tracing=/sys/kernel/tracing
# Where every recorder writes: a disk that is not measured, with a file system as people have it
files=/files

# At depth 1 each read is to be waited for asleep. Where the machine was so slow that some were there
# before the program slept, the piece is of another row.
reads() { # LABEL ROW DISK DEPTH COUNT
	_slept=$(iobench "$3" "$4" 4096 "$5" settle) || exit
	_row=$2
	if [ "$4" = 1 ] && [ $((_slept * 100)) -lt $(($5 * 97)) ]; then _row=awake; fi
	echo "$1 $_row $5" >>/out/runs
}

enough() { [ "$(grep -c "^$1 $2 " /out/runs)" -ge 3 ]; } # LABEL ROW

# What a tick costs: nothing else is done here.
idle() {
	iobench "$slow_disk" 1 4096 0 settle >/dev/null || exit
	echo "untraced idle 1" >>/out/runs
}

# In pieces: their median keeps what else the kernel does now and then out.
both() { # LABEL
	# where a program lies changes what it costs, a little
	echo 0 >/proc/sys/kernel/randomize_va_space
	for _ in 1 2 3; do reads "$1" depth-32 "$quick_disk" 32 16000; done
	for _ in 1 2 3 4 5 6; do enough "$1" depth-1 || reads "$1" depth-1 "$slow_disk" 1 8000; done
	enough "$1" depth-1 ||
		skipped "$1" "the machine is too slow: of six times 8,000 reads of a disk with 200 us, fewer than three times nearly all were waited for asleep"
	cp /proc/kallsyms "/out/kallsyms.$1"
}

lost() { echo "$1 ${2:-?}" >>/out/lost; }        # LABEL NUMBER-OR-WORD
skipped() { echo "$1 $2" >>/out/skipped; }       # LABEL WHY
says() { tail -n 3 "/out/$1.txt" | tr '\n' ' '; } # LABEL: why a program did not run

# Rows to be measured; none: all
only=
wanted() { # LABEL
	case " $only " in "  " | *" $1 "*) ;; *) return 1 ;; esac
}

# --- ours: a recorder starts its command when it is attached -----------------------------

record() { # LABEL OPTIONS...
	_label=$1
	wanted "$_label" || return 0
	shift
	nvmescope record -o "$files/$_label" "$@" -- sh "$0" both "$_label" >"/out/$_label.txt" 2>&1 || true
	if grep -q "^$_label " /out/runs; then
		lost "$_label" "$(sed -nE 's/.*, ([0-9]+) lost.*/\1/p' "/out/$_label.txt" | tail -n 1)"
	else
		skipped "$_label" "$(says "$_label")"
	fi
	rm -rf "$files/${_label:?}"
}

# --- what there is today ------------------------------------------------------------------

ftrace() { # LABEL EVENTS...: into its buffer, that nobody reads
	_label=$1
	wanted "$_label" || return 0
	shift
	for _event; do echo 1 >"$tracing/events/nvme/$_event/enable"; done
	echo >"$tracing/trace"
	both "$_label"
	lost "$_label" "$(awk '/^(overrun|dropped events):/ { n += $NF } END { print n }' $tracing/per_cpu/cpu0/stats)"
	echo 0 >"$tracing/events/nvme/enable"
	echo >"$tracing/trace"
}

command_tool() { # LABEL HOW-TO-COUNT-LOST COMMAND...: it runs the reads itself
	_label=$1 _count=$2
	wanted "$_label" || return 0
	shift 2
	"$@" >"/out/$_label.txt" 2>&1 || true
	if grep -q "^$_label " /out/runs; then
		lost "$_label" "$($_count "/out/$_label.txt")"
	else
		skipped "$_label" "$(says "$_label")"
	fi
}

trace_cmd_lost() { awk '/overrun|dropped/ { for (i = 1; i < NF; i++) if ($i ~ /overrun:|events:/) n += $(i + 1) } END { print n + 0 }' "$1"; }
perf_lost() { perf report --stats -i $files/perf.data 2>/dev/null | awk '/LOST/ { n += $NF } END { print n + 0 }'; }
not_told() { echo n/a; }

background_tool() { # LABEL HOW-TO-COUNT-LOST HOW-TO-SEE-IT-READY COMMAND...
	_label=$1 _count=$2 _ready=$3
	wanted "$_label" || return 0
	shift 3
	"$@" >"/out/$_label.txt" 2>&1 &
	_pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		if $_ready $_pid || ! kill -0 $_pid 2>/dev/null; then break; fi
		sleep 0.5
	done
	if ! kill -0 $_pid 2>/dev/null; then
		skipped "$_label" "$(says "$_label")"
		return
	fi
	sleep 1
	both "$_label"
	kill -INT $_pid
	wait $_pid || true
	lost "$_label" "$($_count "/out/$_label.txt")"
}

blktrace_ready() { test -e "/sys/kernel/debug/block/${quick_disk#/dev/}/trace0"; }
# shellcheck disable=SC2010 # what a descriptor is only ls tells
bpf_ready() { ls -l "/proc/$1/fd" | grep -qE 'bpf.?link|perf_event'; } # PID

blktrace_lost() { awk '/dropped/ { for (i = 1; i <= NF; i++) if ($i == "dropped") n += $(i - 1) } END { print n + 0 }' "$1"; }

rivals() {
	ftrace ftrace-2 nvme_setup_cmd nvme_complete_rq
	ftrace ftrace-3 nvme_setup_cmd nvme_complete_rq nvme_sq
	command_tool trace-cmd trace_cmd_lost trace-cmd record -o $files/trace.dat \
		-e nvme:nvme_setup_cmd -e nvme:nvme_complete_rq -e nvme:nvme_sq sh "$0" both trace-cmd
	command_tool perf perf_lost perf record -a -o $files/perf.data -e nvme:nvme_setup_cmd \
		-e nvme:nvme_complete_rq -e nvme:nvme_sq -- sh "$0" both perf
	if wanted trace-cmd; then cp $files/trace.dat /out/; fi # for reading.sh
	rm -f $files/trace.dat* $files/perf.data*
	command_tool bpftrace not_told bpftrace -c "/bin/sh $0 both bpftrace" -e '
		tracepoint:nvme:nvme_setup_cmd { @sent[args->qid, args->cid] = nsecs; }
		tracepoint:nvme:nvme_complete_rq /@sent[args->qid, args->cid]/ {
			@us = hist((nsecs - @sent[args->qid, args->cid]) / 1000);
			delete(@sent[args->qid, args->cid]); }'
	mkdir -p $files/blktrace
	background_tool blktrace blktrace_lost blktrace_ready \
		blktrace -D $files/blktrace -a issue -a complete -d "$slow_disk" -d "$quick_disk"
	rm -rf $files/blktrace
	background_tool biolatency not_told bpf_ready biolatency 3600 1
}

all() { # [LABEL...]
	only=$*
	modprobe virtio_blk
	modprobe ext4
	mkdir $files
	wait_for "a disk for files" test -b /dev/vda
	mount -t ext4 /dev/vda $files
	echo 16 >/proc/sys/vm/nr_hugepages
	: >/out/runs
	modprobe nvme
	settle_disks
	both in-box
	idle
	rivals
	# A line for each of ours: label, options
	record stock-hist-one --provider stock --level hist --no-stages
	record stock-hist --provider stock --level hist
	record stock-io --provider stock --level io
	record stock-events --provider stock
	# programs that were attached let go of it a little later
	wait_for "nvme to be free" rmmod nvme
	rmmod nvme_core
	insmod /modules/nvmescope_core.ko
	insmod /modules/nvmescope.ko
	settle_disks
	both ours
	record driver-hist --provider driver --level hist
	record driver-io --provider driver --level io
	record driver-events --provider driver
}

"$@"
