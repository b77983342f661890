#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each failing start says what, where and what to do next, exits with an error, and leaves
# nothing half-made behind.
. "$(dirname "$0")/lib.sh"
plan 45

# --- in the guest: the recorder ------------------------------------------------------
guest record --smp 2 --nvme max_ioqpairs=2 --ns size=64M -- errors-guest.sh main
check "disk full: what fitted reads back" "$nvmescope" report "$logs/record/full"
check "disk full: babeltrace2 reads it too" babeltrace2 -o dummy "$logs/record/full"
check "killed: what was written reads back" "$nvmescope" report "$logs/record/killed"
check "tracefs: the events and steps of the table are all there, the block of steps, and nothing else" \
	diff <({ echo nvs_steps; awk '/define NVS_(INIT_EVENTS|STEP_EVENTS|RECOVERY_EVENTS|LEVEL_STEPS)/, /^$/' "$NVMESCOPE_ROOT/kmod/nvs_events.h" |
		sed -nE 's/.*E\(([0-9]+, *)?([a-z_]+)(, [0-9]+)?\).*/nvs_\2/p'; } | sort) "$logs/record/tracefs"

# --- here: broken recordings ---------------------------------------------------------
rec=$logs/record/whole
spoilt() { rm -rf "$work/rec"; cp -r "$rec" "$work/rec"; }
for command in report 'timeline -o OUT' 'check --witness /dev/null'; do
	words=${command//OUT/$work/out}
	spoilt
	head -c 4096 /dev/urandom >"$work/rec/cpu-0"
	# shellcheck disable=SC2086
	fails "${command%% *}: random bytes: the file and the place" 1 'cpu-0' "$nvmescope" $words "$work/rec"
	spoilt
	sed -i 's/events_version = [0-9]*/events_version = 99/' "$work/rec/metadata"
	# shellcheck disable=SC2086
	fails "${command%% *}: another version: both are named" 1 '99' "$nvmescope" $words "$work/rec"
	# shellcheck disable=SC2086
	fails "${command%% *}: no such directory" 1 "$work/absent" "$nvmescope" $words "$work/absent"
	check "${command%% *}: no picture was begun" test ! -e "$work/out"
done
spoilt
truncate -s -100 "$work/rec/cpu-0"
check "a torn end is read up to the cut" "$nvmescope" report "$work/rec"
is "and the cut is named" "$("$nvmescope" report --json "$work/rec" | jq -r '.recording.cut' | grep -c cpu-0)" 1
check "timeline: into a new directory" "$nvmescope" timeline "$rec" -o "$work/pictures"

# --- here: programs and packages that are missing ------------------------------------
mkdir "$work/bin"
for program in bash sh cat sed grep awk mktemp rm mkdir ls tail head stat date dirname basename env sort tr sha256sum \
	touch mv cp realpath readlink; do
	ln -s "$(command -v $program)" "$work/bin/"
done
fails "no gnuplot: the package, and what works without" 1 'gnuplot-nox
--format text' env PATH="$work/bin" "$nvmescope" timeline "$rec" -o "$work/none"
check "no gnuplot: nothing half-drawn" test ! -e "$work/none"
check "no gnuplot: text goes" env PATH="$work/bin" "$nvmescope" timeline "$rec" --format text --only depth
fails "no QEMU: the package" 126 'qemu-system-x86' \
	env PATH="$work/bin" "$NVMESCOPE_ROOT/tools/guest/vm.sh" -- true
fails "a kernel that Debian does not have" 75 '9\.99' \
	env NVMESCOPE_CACHE="$work/cache" "$NVMESCOPE_ROOT/tools/guest/kernel.sh" 9.99
is "and nothing in the cache" "$(find "$work/cache" -name '*9.99*' 2>/dev/null)" ""
own=$NVMESCOPE_ROOT/tools/guest/kernel-own.sh image=$("$NVMESCOPE_ROOT/tools/guest/kernel.sh" "$kernel")/vmlinuz
fails "a kernel of nobody's: how to name one" 1 'kernel-own.sh nobodys BZIMAGE MODULES' \
	"$NVMESCOPE_ROOT/tools/guest/kernel.sh" nobodys
fails "one's own kernel that is no kernel" 1 'bash is no bzImage' "$own" mine /bin/bash "$work"
fails "one's own kernel without modules" 1 'make modules_install' "$own" mine "$image" "$work"
mkdir -p "$work/9.9.9/kernel"
fails "one's own kernel with the modules of another" 1 'is for 9\.9\.9' env NVMESCOPE_CACHE="$work/cache" "$own" mine "$image" "$work/9.9.9"
fails "no such command" 2 'nonsense' "$nvmescope" nonsense
fails "no such option" 2 'nonsense' "$nvmescope" report --nonsense "$rec"
