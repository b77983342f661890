#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Recordings that last: the flight recorder, and a bound on what a directory holds.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

reads() { fio --name=r --filename=$disk --ioengine=psync --direct=1 --rw=randread --bs=4k --output=/dev/null "$@"; }
bytes() { find "$1" -type f -exec stat -c %s {} + | awk '{ n += $1 } END { print n + 0 }'; }
saved() { find "$1" -name 'trigger-*' | wc -l; }
said() { sed -nE "$1" "/out/$2.txt"; }

# In memory, for the host's directory is slow.
flight() { # NAME OPTIONS... -- COMMAND...
	_name=$1
	shift
	nvmescope record -o "/tmp/$_name" "$@" 2>"/out/$_name.txt"
}

keep() { cp -r "/tmp/$1" /out/ && rm -r "/tmp/$1"; }

env_of() { sed -nE "s/^\s*$2 = \"(.*)\";/\1/p" "$1/metadata"; }

iops() {
	host qmp '{"execute": "block_set_io_throttle", "arguments": {"id": "nvme0n1", "iops": '"$1"', "iops_rd": 0, "iops_wr": 0, "bps": 0, "bps_rd": 0, "bps_wr": 0}}'
}

# Some requests that take half a second, of a disk that is throttled
slow_ones() {
	reads --number_ios=400
	iops 2
	reads --number_ios=6
	iops 0
	reads --number_ios=2000
}

triggers() {
	check "a request that takes long" flight lat --flight 4M --trigger 'lat>400ms' --after 0.1 --trigger-every 1000 -- sh "$0" slow_ones
	is "saved once, the others counted" "$(saved /tmp/lat) $(said 's/.*; ([1-9])[0-9]* more triggers suppressed.*/some/p' lat)" "1 some"
	is "the recording says why" "$(env_of /tmp/lat/trigger-0001 trigger) $(env_of /tmp/lat/trigger-0001 trigger_event | grep -cE 'nvme0 queue [0-9]+ command 0x.*took [0-9.]+(ms|s)')" \
		'lat>400ms 1'
	is "private" "$(stat -c %a /tmp/lat /tmp/lat/trigger-0001 | tr '\n' ' ')" "700 700 "
	keep lat

	check "level io: by the record itself" flight io --level io --flight 1M --trigger 'lat>1us' --after 0 --trigger-every 1000 -- \
		dd if=$disk of=/dev/null bs=4k count=200 iflag=direct
	is "level io: the recording says why" "$(env_of /tmp/io/trigger-0001 trigger_event | grep -cE 'nvme0 queue [0-9]+ command 0x.*\(io\): took')" 1
	keep io

	check "a signal, a reset, a failed command" flight kinds --flight 2M --trigger signal --trigger reset \
		--trigger error --trigger-every 0 --after 0 -- sh "$0" several
	is "each was saved, and says what it was" \
		"$(for d in /tmp/kinds/trigger-*; do env_of "$d" trigger; done | sort | uniq | tr '\n' ' ')" "error reset signal "
	keep kinds
}

recorder() { pidof nvmescope | tr ' ' '\n' | head -n 1; }
# DIR NUMBER: has so many
has() { [ "$(saved "$1")" -ge "$2" ]; }

several() {
	reads --number_ios=100
	kill -USR1 "$(recorder)"
	wait_for "the signal's" has /tmp/kinds 1
	_n=$(saved /tmp/kinds)
	nvme io-passthru $disk --opcode=0x99 --namespace-id=1 && return 1
	wait_for "the error's" has /tmp/kinds $((_n + 1))
	_n=$(saved /tmp/kinds)
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "the reset's" has /tmp/kinds $((_n + 1))
}

# The first that were saved hold little: reads until these are gone again
bounded_steps() {
	reads --number_ios=1000
	wait_for "the first" has /tmp/bounded 1
	_first=$(saved /tmp/bounded)
	while [ -e "$(printf "/tmp/bounded/trigger-%04d" "$_first")" ]; do reads --number_ios=500; done
}

# Weeks, in short: each save makes room for itself, and the disk holds no more than it may.
bounded() {
	mkdir -p /tmp/most
	(while sleep 0.2; do bytes /tmp/bounded >>/tmp/most/bounded; bytes /tmp/rotated >>/tmp/most/rotated; done 2>/dev/null) &
	_watch=$!
	check "many triggers" flight bounded --flight 1M --max-size 4M --trigger 'lat>1us' --trigger-every 0.1 --after 0 -- sh "$0" bounded_steps
	is "the disk held no more than it may" "$(sort -n /tmp/most/bounded | tail -n 1 | awk '{ print $1 <= 4194304 }')" 1
	is "what went is counted" "$(said 's/.* ([0-9]+) saved in .*, ([0-9]+) deleted again.*/\1 \2/p' bounded | awk -v left="$(saved /tmp/bounded)" '{ print ($2 > 0), ($1 - $2 == left) }')" "1 1"
	keep bounded
	check "a recording that rotates" flight rotated --max-size 1M -- sh -c "$(command -v fio) --name=r --filename=$disk \
		--ioengine=psync --direct=1 --rw=randread --bs=4k --number_ios=10000 --output=/dev/null"
	kill $_watch
	is "it is no greater than it may be" "$(sort -n /tmp/most/rotated | tail -n 1 | awk '{ print $1 <= 1048576 }')" 1
	is "what went is counted" "$(said 's/.*the first ([0-9]+) .* were dropped for --max-size.*/\1/p' rotated)" "$(env_of /tmp/rotated dropped_events)"
	keep rotated
}

strict() {
	fails "--strict: losses are a failure" 1 "lost: [1-9][0-9]* ring full" nvmescope record --strict -o /tmp/strict --ring-size 4K -- \
		fio --name=r --filename=$disk --ioengine=libaio --iodepth=32 --direct=1 --rw=randread --bs=4k --number_ios=2000 --output=/dev/null
	keep strict
	check "--strict: none is none" nvmescope record --strict -o /tmp/sound -- dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
	keep sound
}

all() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	triggers
	bounded
	strict
}

"$@"
