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
