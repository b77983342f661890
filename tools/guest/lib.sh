# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the guest's scripts share: where things are kept, and how they speak.

NVMESCOPE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# One cache may serve several clones; everything in it is put there by rename, so
# two clones that fill it at the same moment do no harm.
NVMESCOPE_CACHE=${NVMESCOPE_CACHE:-$NVMESCOPE_ROOT/build/cache}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die [-STATUS] MESSAGE: what went wrong, where, and what to do next.
die() {
	local status=1
	if [[ $1 =~ ^-([0-9]+)$ ]]; then
		status=${BASH_REMATCH[1]}
		shift
	fi
	say "$*"
	exit "$status"
}

# need COMMAND PACKAGE: a command that a Debian package brings.
need() {
	command -v "$1" >/dev/null || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]] ||
		die "-${need_status:-1}" "${2:-$1} is not installed (no $1 on this machine); run tools/guest/packages.sh, or: apt-get install $2"
}

# waited_ms PID: how long that of its threads that waited most has waited for a processor of this machine. That
# is no time of its own: where there is five times as much to do as there are processors, all
# takes five times as long and hangs nowhere. 0 where the kernel does not count it.
waited_ms() {
	local file waited most=0
	for file in "/proc/$1"/task/*/schedstat; do
		read -r _ waited _ 2>/dev/null <"$file" || continue
		((waited <= most)) || most=$waited
	done
	echo $((most / 1000000))
}
