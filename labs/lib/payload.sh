#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What runs in a lab's guest: records the steps of the lab's guest.sh into /out/recording,
# and keeps the recording even if they failed, for that is when it is wanted most.
#
#	payload.sh        records "payload.sh steps"
#	payload.sh steps  the lab's steps(), with its parameters as $p_NAME
#
# A guest.sh may also have before() and after(), which are not recorded.
#
# shellcheck source=../../tests/guest/in-guest.sh
. /lab/in-guest.sh
# shellcheck source=/dev/null
. /lab/params
# A machine that boots slowly is given more time for everything else as well.
# shellcheck disable=SC2034 # in-guest.sh's
patience=$(awk '{ printf "%d", 5 + 2 * $1 }' /proc/uptime)
# By the clock: in-guest.sh counts its looks, each of which takes long on a busy machine.
wait_for() { # WHAT COMMAND...
	_for=$1
	shift
	read -r _up _ </proc/uptime
	_until=$((${_up%%.*} + patience))
	until "$@" >/dev/null 2>&1; do
		read -r _up _ </proc/uptime
		[ "${_up%%.*}" -le "$_until" ] || { echo "waited $patience s in vain for $_for" >&2; return 1; }
		sleep 0.05
	done
}
# shellcheck source=/dev/null
. /lab/guest.sh

# The driver's own bring-up is to be in the recording from its first line.
begin() { # CORE-PARAMS PCI-PARAMS
	load "hold_ms=10000 ${1-}" "${2-}"
}

if [ "${1-}" = steps ]; then
	steps
	exit
fi
# Not while somebody records: a module whose init fails waits for its tracers to leave.
if type before >/dev/null 2>&1; then before; fi
status=0
# shellcheck disable=SC2086 # words
nvmescope record ${record_options-} -o /tmp/recording -- sh "$0" steps >/tmp/said 2>&1 || status=$?
echo "$status" >/out/steps
head -c 4096 /tmp/said >/out/said
[ ! -d /tmp/recording ] || cp -r /tmp/recording /out/
# The recorder's programs held the core module until now.
for module in nvmescope nvmescope_core; do
	[ ! -d /sys/module/$module ] || rmmod $module
done
if type after >/dev/null 2>&1; then after; fi
