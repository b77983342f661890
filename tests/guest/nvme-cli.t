#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme-cli finds the controller and its namespaces, asks them, and moves data by hand. Then
# every subcommand that the device knows, and some that it refuses: what is printed and the exit
# status are held against the in-box driver's, on the same device in the same state.
. "$(dirname "$0")/lib.sh"
plan 23

guest cli --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --ns size=32M --ns size=64M,zoned=on,zoned.zone_size=16M \
	--ns size=32M,detached=on --module nvme --deadline 900 -- nvme-cli-guest.sh main
out=$logs/cli

# Features that the driver depends on are refused by the later kernels, and by ours on all.
expected() {
	[[ $kernel == 6.1 ]] || return 0
	local feature
	for feature in 7 0xc 0xd 0xf 0x16; do echo "set-feature /dev/nvme0 -f $feature -v 0"; done
}
# The subcommands whose outcome differs.
differing() {
	local directory
	for directory in inbox ours; do
		awk -v d="$work/$directory" 'BEGIN { system("mkdir -p " d) }
			/^== nvme / { if (file) close(file); file = sprintf("%s/%03d", d, n++) }
			{ print >file }' "$out/views.$directory"
	done
	diff -rq "$work/inbox" "$work/ours" | sed -nE 's@^Files ([^ ]*) and .*@\1@p; s@^Only in (.*): (.*)@\1/\2@p' | while read -r file; do
		sed -n '1s/^== nvme //p' "$file"
	done
}
is "subcommands: what is said and the exit status are as with the in-box driver" "$(differing)" "$(expected)"
views() { grep -a '^== nvme ' "$out/views.ours"; }
is "subcommands: and that was something" "$(($(views | wc -l) > 200)) $(($(views | cut -d ' ' -f 3 | sort -u | wc -l) > 60))" "1 1"
is "subcommands: half of them succeeded" "$(($(grep -ac '^status 0$' "$out/views.ours") > 100))" 1
diag "$(views | wc -l) calls of $(views | cut -d ' ' -f 3 | sort -u | wc -l) subcommands"
