# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
disk=/dev/nvme0n1
# A driver that has stopped answering must not stop us: SECONDS COMMAND...
bounded() {
	_left=$(($1 * 10))
	shift
	"$@" >/dev/null 2>&1 &
	_pid=$!
	while kill -0 $_pid 2>/dev/null && [ $_left -gt 0 ]; do
		sleep 0.1
		_left=$((_left - 1))
	done
}
# A read by which the device's log is told in pieces
mark() { bounded 20 dd if=$disk of=/dev/null bs=4k skip=$((p_mark + $1)) count=1 iflag=direct; }
# N blocks of 64 KiB with checksums in them, all in flight at once
blocks() { # N OPTIONS...
	_n=$1
	shift
	fio --name=blocks --filename=$disk --ioengine=libaio --direct=1 --iodepth="$_n" --iodepth_batch="$_n" \
		--bs=64k --size=$((_n * 64))k --verify=crc32c "$@"
}
same() { # NAME N
	blocks "$2" --rw=read && echo yes >"/out/same-$1"
}
# 64 KiB a second: each block waits a second longer than the one before.
late() { # NAME N SECONDS
	host throttle nvme0n1 65536
	bounded "$3" blocks "$2" --rw=write --do_verify=0
	host throttle nvme0n1 0
	bounded 20 same "$1" "$2"
}
# Four writes late at once, as many as may have an Abort: the disk takes one of five, and goes on when they were late.
late_writes() { [ "$(grep -c "nvs_timeout: " /sys/kernel/tracing/trace)" -ge 4 ]; }
held() { # NAME
	echo >/sys/kernel/tracing/trace
	host throttle nvme0n1 1024
	bounded 20 blocks 5 --rw=write --do_verify=0 &
	_held=$!
	patience=13 wait_for "late writes" late_writes || true
	host throttle nvme0n1 0
	wait $_held
	bounded 20 same "$1" 5
}

config=/sys/class/nvme/nvme0/device/config
byte() { od -An -tu1 -j "$1" -N 1 $config | tr -d ' '; }
msix_control() {
	_at=$(byte 52)
	until [ "$(byte "$_at")" = 17 ]; do _at=$(byte $((_at + 1))); done
	echo $((_at + 3))
}
# shellcheck disable=SC2059 # an octal number
set_byte() { printf "\\$1" | dd of=$config bs=1 seek="$2" conv=notrunc 2>/dev/null; }

# MSI-X with its function mask set: the device raises, and nobody is interrupted.
lost_interrupt() {
	_control=$(msix_control)
	set_byte 300 "$_control"
	bounded 12 dd if=$disk of=/dev/null bs=4k skip=16 count=1 iflag=direct
	set_byte 200 "$_control"
	sleep 0.2
}
# Lets the disk go on as soon as the driver has had enough of it.
relent() {
	patience=13 wait_for "a reset" grep -q 'why=timeout' /sys/kernel/tracing/trace || true
	host throttle nvme0n1 0
}
# Without leave to read memory the device cannot fetch a command: it says so in CSTS.CFS.
fatal() {
	set_byte 002 4
	bounded 15 dd if=$disk of=/dev/null bs=4k skip=32 count=1 iflag=direct
}
steps() {
	begin "io_timeout=2 admin_timeout=4"
	echo 2 >/sys/block/nvme0n1/queue/nomerges
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_reset/enable
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_timeout/enable
	mark 0
	lost_interrupt
	mark 1
	late once 5 20
	mark 2
	held twice
	mark 3
	held thrice
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	mark 4
	echo >/sys/kernel/tracing/trace
	relent &
	_relent=$!
	late reset 12 30
	wait $_relent || true
	mark 5
	for _ in $(seq 1 "$p_fatals"); do fatal; done
	mark 6
	bounded 20 sh -c "echo 0000:01:00.0 >/sys/bus/pci/drivers/nvmescope/unbind"
	rmmod nvmescope
}
