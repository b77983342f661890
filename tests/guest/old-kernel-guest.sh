#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own driver where the kernel says nothing of its types.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

# One task, so that commands are rung in the order that they are built.
steps() {
	check "verified" fio --name=old --filename=$disk --ioengine=io_uring --direct=1 --rw=randwrite --verify=crc32c \
		--verify_fatal=1 --thread=1 --output=/out/fio.txt --iodepth=16 --bsrange=4k-64k --size=8M
	# fewer than 16: then an identifier comes again, and the log does not tell which use of it it has
	check "one by one" dd if=$disk of=/dev/null bs=4k count=12 iflag=direct
	check "an admin command" nvme id-ctrl /dev/nvme0
	fails "a read that the device refuses" any LBA nvme read $disk -s 0xffffff -c 0 -z 4096 -d /tmp/block
}

hide_types() {
	[ -e /sys/kernel/btf/nvme ] || return 0
	mkdir /tmp/btf
	cp /sys/kernel/btf/vmlinux /tmp/btf/
	mount --bind /tmp/btf /sys/kernel/btf
}

recorded() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	hide_types
	nvmescope inspect --json >/out/inspect.json
	check "recorded" nvmescope record -o /out/recording -- sh "$0" steps
	fails "what cannot be seen is said" 0 "not seen: doorbells" nvmescope record -o /tmp/again -- true
}

# Level io, from the bind on.
ios() {
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvme/bind
	wait_for "a disk" test -b $disk
	check "lists" fio --name=lists --filename=$disk --ioengine=libaio --direct=1 --rw=randrw --bsrange=4k-32k --size=4M \
		--iodepth=16 --iodepth_batch=8 --iodepth_batch_complete=8
	check "two tasks" fio --name=two --filename=$disk --ioengine=io_uring --direct=1 --rw=randrw --bsrange=4k-32k --size=2M --iodepth=8 \
		--numjobs=2 --thread=1
	# shellcheck disable=SC2016 # the inner shell's
	sh -c 'echo $$ >/out/pid; exec dd if='$disk' of=/dev/null bs=4k count=50 iflag=direct'
	check "an admin command" nvme smart-log /dev/nvme0
	fails "a read that the device refuses" any LBA nvme read $disk -s 0xffffff -c 0 -z 4096 -d /tmp/block
}

# 20 reads of 4 KiB and 10 writes of 16 KiB
mix() {
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
	dd if=/dev/zero of=$disk bs=16k count=10 oflag=direct
}

metrics=http://127.0.0.1:9998/metrics

# Until the programs are attached: then a read counts.
counts() {
	dd if=$disk of=/dev/null bs=4k count=1 iflag=direct
	wget -q -O - $metrics | grep -q '^nvmescope_request_duration_seconds_count'
}

served() {
	nvmescope serve 2>/out/serve.err &
	_serve=$!
	wait_for "the first metric" counts
	wget -q -O /out/before $metrics
	mix
	wget -q -O /out/after $metrics
	end $_serve
	is "serve ends well" $_ended 0
}

levels() {
	echo 0 >/sys/bus/pci/drivers_autoprobe
	modprobe nvme
	hide_types
	check "level io" nvmescope record -o /out/io --level io -p stock -- sh "$0" ios
	mark_log
	check "a filter" nvmescope record -o /out/filter --level io --op write --min-bytes 16k -- sh "$0" mix
	check "level hist" nvmescope record -o /out/hist --level hist -- sh "$0" mix
	check "one probe" nvmescope record -o /out/one --level hist --no-stages -- sh "$0" mix
	nvmescope top --count 2 --plain >/out/top.txt &
	while kill -0 $! 2>/dev/null; do dd if=$disk of=/dev/null bs=4k count=20 iflag=direct; done
	served
}

"$@"
