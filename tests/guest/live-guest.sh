#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# top and serve, beside I/O whose amount is known.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
metrics=http://127.0.0.1:9998/metrics

reads() { dd if=$disk of=/dev/null bs=4k count="$1" iflag=direct; } # HOW-MANY

# Waits until the programs are attached: then a read counts.
counts() {
	reads 1 2>/dev/null
	wget -q -O - $metrics | grep -q '^nvmescope_request_duration_seconds_count'
}

top_steps() { # LABEL
	nvmescope top --plain --interval 0.5 --sort iops >"/out/$1.top" 2>"/out/$1.top.err" &
	_top=$!
	wait_for "top's first lines" grep -q ^device "/out/$1.top"
	check "$1: fio" fio --name=x --filename=$disk --ioengine=io_uring --direct=1 --rw=randread --bs=4k --iodepth=16 \
		--number_ios=3000 --size=16M --thread=1 --iodepth_batch_submit=8 --iodepth_batch_complete_min=8 --output="/out/$1.fio"
	# a last interval, after the I/O
	_lines=$(grep -c ^device "/out/$1.top")
	wait_for "two more intervals" sh -c "[ \$(grep -c ^device /out/$1.top) -ge $((_lines + 2)) ]"
	end $_top
	is "$1: top ends well" $_ended 0
	nvmescope top --once --interval 0.5 --by-device >"/out/$1.once" &
	_top=$!
	while kill -0 $_top 2>/dev/null; do reads 5 2>/dev/null; done
	set +e
	wait $_top
	_ended=$?
	set -e
	is "$1: top once" $_ended 0
}

serve_steps() { # LABEL
	nvmescope serve 2>"/out/$1.serve.err" &
	_serve=$!
	wait_for "the first metric" counts
	wget -q -O "/out/$1.before" $metrics
	is "$1: privileges are given up, but for CAP_BPF" "$(sed -n 's/^CapEff:\t//p' /proc/$_serve/status)" 0000008000000000
	check "$1: 500 reads" reads 500
	# one that the device refuses
	! nvme read $disk -s 0xffffff -c 0 -z 4096 -d /tmp/block 2>/dev/null || false
	check "$1: written through" dd if=/dev/zero of=$disk bs=64k count=20 oflag=direct conv=fsync
	wget -q -O "/out/$1.after" $metrics
	fails "$1: another on the same port: said" 1 "cannot listen on 127.0.0.1:9998.*--listen" nvmescope serve
	fails "$1: another page: not there" 1 "404" wget -O /dev/null http://127.0.0.1:9998/other
	end $_serve
	is "$1: serve ends well" $_ended 0
}

errors() {
	fails "no driver: said" 1 "module nvme is not loaded" nvmescope top --once
	fails "a wrong address: said" 1 "127.0.0.1:9998" nvmescope serve --listen nowhere
	fails "too short an interval: said" 2 "at least 0.1" nvmescope top --interval 0.01
	fails "a stage that is not counted: said" 2 "not counted" nvmescope top --no-stages --stage device
}

both() {
	errors
	modprobe nvme
	wait_for "a disk" test -b $disk
	top_steps stock
	serve_steps stock
	unload_inbox
	load
	top_steps ours
	serve_steps ours
	unload
}

"$@"
