#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Levels io and hist, and their filters, of either driver.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
pci=/sys/bus/pci
device=0000:01:00.0

# Loads a driver that takes no device by itself.
prepare() { # stock|driver
	provider=$1
	echo 0 >$pci/drivers_autoprobe
	if [ "$provider" = stock ]; then
		driver=nvme
		modprobe nvme poll_queues=1
	else
		driver=nvmescope
		insmod /modules/nvmescope_core.ko
		insmod /modules/nvmescope.ko shadow_doorbells=0 poll_queues=1
	fi
	device=$(cd $pci/devices && for d in *; do case $(cat "$d/class") in 0x010802) echo "$d" ;; esac; done | head -n 1)
}

bind() {
	echo "$device" >"$pci/drivers/$driver/bind"
	wait_for "a disk" test -b $disk
	wait_for "the generic node" test -c /dev/ng0n1
}
live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }

job() { # NAME OPTIONS...
	_job=$1
	shift
	check "$_job" fio --name="$_job" --filename=$disk --direct=1 --rw=randrw --bsrange=4k-32k --size=4M "$@"
}

# Each way of a command, from the bind on: each in the recording, and in the device's log.
ways() {
	bind
	job libaio --ioengine=libaio --iodepth=16 --iodepth_batch=8 --iodepth_batch_complete=8
	job io_uring --ioengine=io_uring --iodepth=8 --numjobs=2 --thread=1
	job polled --ioengine=io_uring --hipri --iodepth=4 --size=1M
	# one by one, by a process that is known, in a cgroup that is known
	mount -t cgroup2 none /sys/fs/cgroup
	mkdir /sys/fs/cgroup/known
	# shellcheck disable=SC2016 # the inner shell's
	sh -c 'echo $$ >/sys/fs/cgroup/known/cgroup.procs; echo $$ >/out/'"$1"'.pid
		exec dd if='$disk' of=/dev/null bs=4k count=50 iflag=direct'
	stat -c %i /sys/fs/cgroup/known >"/out/$1.cgroup"
	check "admin" nvme smart-log /dev/nvme0
	check "passthrough" nvme io-passthru /dev/ng0n1 -o 2 -n 1 --cdw10=8 -l 512 -r -b
	fails "passthrough that fails" any "" nvme io-passthru /dev/ng0n1 -o 0x99 -n 1
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "the reset" live
	job again --ioengine=io_uring --iodepth=8 --size=1M
}

# A known mix: 20 reads of 4 KiB and 10 writes of 16 KiB by dd, a flush, a command that fails.
mix() {
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
	dd if=/dev/zero of=$disk bs=16k count=10 oflag=direct
	blockdev --flushbufs $disk
	nvme flush /dev/ng0n1 -n 1
	nvme io-passthru /dev/ng0n1 -o 0x99 -n 1 || :
	cat /proc/self/comm >/dev/null
}

filtered() { # NAME OPTIONS...
	_name=$1
	shift
	check "filter $_name" nvmescope record -o "/out/$_name" -p "$provider" "$@" -- sh "$0" with "$provider" mix
}

filters() {
	bind
	filtered all --level io
	filtered read --level io --op read
	filtered opcode --level io --opcode 0x01,0x99
	filtered small --level io --max-bytes 4095
	filtered large --level io --min-bytes 16K --max-bytes 16K
	filtered error --level io --status error
	filtered admin --level io --queue 0
	filtered comm --level io --comm nvme
	filtered none --level io --latency-above 100s
	filtered nobody --level io --pid 1
	filtered nowhere --level io --cgroup 4242424242
	filtered sample --level io --sample 4096
	filtered events --level events --queue 1-9
	filtered hist --level hist
	filtered hist-write --level hist --op write
	filtered pci --level io -d "$device" --op read
	[ "$provider" = driver ] || filtered one --level hist --no-stages
}

wrong() {
	fails "level events has no such filter" 2 "--op: level events has no such filter; give --level io" \
		nvmescope record -o /tmp/none --op read -- true
	fails "an operation that there is not" 2 "--op: 'sniff' is no operation" \
		nvmescope record -o /tmp/none --level io --op sniff -- true
	fails "a cgroup that there is not" 2 "--cgroup: /sys/fs/cgroup/nowhere: No such file" \
		nvmescope record -o /tmp/none --level io --cgroup /sys/fs/cgroup/nowhere -- true
	fails "one probe cannot tell a process" 2 "--pid is not to be told at the end of a request" \
		nvmescope record -o /tmp/none -p stock --level hist --no-stages --pid 1 -- true
	check "nothing is left behind" test ! -e /tmp/none
}

silent() { # WORDS OPTIONS...
	_words=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	check "empty: $_words" sh -c 'words=$1; shift; rm -rf /tmp/silent; nvmescope record -o /tmp/silent --level io -d nvme0 "$@" 2>/tmp/words
		status=$?; cat /tmp/words; [ $status = 0 ] && grep -q "$words" /tmp/words' - "$_words" -p "$provider" "$@"
}

done_reads() { awk '{ print $1 }' /sys/block/${disk#/dev/}/stat; }
enough() { [ "$(done_reads)" -ge "$_wanted" ]; }
# Lasts until so many more reads have ended.
reads() { # NUMBER
	_wanted=$(($(done_reads) + $1))
	wait_for "$1 reads" enough
}

in_flight() { [ "$(awk '{ print $1 }' /sys/block/${disk#/dev/}/inflight)" = "$1" ]; }
# Sixteen at a time, for as long as it is let.
keep_reading() {
	fio --name=before --filename=$disk --direct=1 --rw=randread --bs=4k --ioengine=libaio --iodepth=16 --time_based --runtime=3600 >/tmp/fio 2>&1 &
	_fio=$!
	wait_for "sixteen reads in flight" in_flight 16
}

# What is at the device is known to who begins before it is sent, and to who begins amid: in the end to both that it is nothing.
depths() {
	nvmescope top --plain --interval 0.5 -p "$provider" >/out/before.top &
	_before=$!
	wait_for "top's first lines" grep -q ^device /out/before.top
	keep_reading
	nvmescope top --plain --interval 0.5 -p "$provider" >/out/amid.top &
	_amid=$!
	wait_for "top's first lines" grep -q ^device /out/amid.top
	reads 48
	kill $_fio
	wait_for "no read in flight" in_flight 0
	_lines=$(grep -c ^device /out/amid.top)
	wait_for "two more intervals" sh -c "[ \$(grep -c ^device /out/amid.top) -ge $((_lines + 2)) ]"
	end $_before
	end $_amid
}

# Reads that were sent before: their ends are counted, and are no records.
between() {
	bind
	keep_reading
	check "begun before: recorded" nvmescope record -o /out/between -p "$provider" --level io -- sh "$0" with "$provider" reads 48
	check "another time: recorded" nvmescope record -o /out/another -p "$provider" --level io -- sh "$0" with "$provider" reads 48
	# a recording of a device that is empty says why
	silent "none passed the filter: nvme0 latency-above=100s" --latency-above 100s -- sh "$0" with "$provider" reads 32
	kill $_fio
	wait || :
	depths
	silent "nvme0 had nothing to do" -t 1
}

ways_recorded() {
	check "$provider: recorded" nvmescope record -o "/out/$provider" -p "$provider" --level io -- sh "$0" with "$provider" ways "$provider"
	mark_log
}

# Steps that a recorder runs know their provider again.
if [ "$1" = with ]; then
	provider=$2
	driver=$([ "$2" = stock ] && echo nvme || echo nvmescope)
	device=$(cd $pci/devices && for d in *; do case $(cat "$d/class") in 0x010802) echo "$d" ;; esac; done | head -n 1)
	shift 2
	"$@"
	exit
fi

prepare "$1"
shift
for step; do "$step"; done
