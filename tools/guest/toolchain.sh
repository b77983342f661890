#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# toolchain.sh KERNEL-DIR COMMAND...: runs the command with the compiler, make and so on that
# modules of that kernel want; KERNEL-DIR is what kernel.sh printed.
#
# Most kernels are content with this machine's, and this is then no more than the command. Others
# name a release of Debian (KERNEL-DIR/toolchain), whose headers and tools this machine cannot run
# (7.2: gcc 14, glibc 2.38, a pahole that knows its BTF). That release's packages are then
# unpacked into the cache, not installed, and laid over /usr for this command alone, in a mount
# namespace of its own; everything else is where it is here. It needs no root where users may
# have namespaces, as Debian lets them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

if (($# < 2)) || [[ ! -e $1/release ]]; then
	sed -n '4,5s/^# \?//p' "$0" >&2
	exit 2
fi
kernel=$1
shift
[[ -e $kernel/toolchain ]] || exec "$@"
suite=$(<"$kernel/toolchain")
dest=$NVMESCOPE_CACHE/toolchain-$suite

# make's own leaves: what kbuild, objtool and the shell scripts of kmod/ call.
packages=(make gcc-14 pahole bash coreutils dash diffutils dpkg findutils gawk grep sed mount util-linux
	libelf1t64 libssl3t64 zlib1g)

make_toolchain() {
	local tmp wanted
	tmp=$(mktemp -d "$NVMESCOPE_CACHE/.toolchain.XXXXXX")
	# shellcheck disable=SC2064 # now
	trap "rm -rf '$tmp'" EXIT
	. "$(dirname "$0")/apt.sh"
	say "downloading the toolchain of Debian's $suite"
	lists_of "$suite" || { apt_words; die -75 "no package lists of $suite (apt's words are above); check the network"; }
	# apt works out what they depend on, as for a machine that has nothing.
	wanted=$(apt-get "${apt_options[@]}" -o Dir::State::status=/dev/null --no-install-recommends --print-uris -y \
		install "${packages[@]}" | sed -nE "s/^'.*' ([^_ ]+)_.*/\1/p") ||
		die "apt cannot say what ${packages[*]} depend on in $suite"
	# shellcheck disable=SC2086 # words
	download $wanted || { apt_words; die -75 "could not download the toolchain of $suite (apt's words are above)"; }
	unpack "$tmp/new"
	# What only their installation makes.
	ln -s gawk "$tmp/new/usr/bin/awk"
	[[ -e $tmp/new/usr/bin/sh ]] || ln -s dash "$tmp/new/usr/bin/sh"
	mv -T "$tmp/new" "$dest" 2>/dev/null || [[ -e $dest/usr/bin/make ]] || die "could not move the toolchain to $dest"
}
[[ -e $dest/usr/bin/make ]] || (make_toolchain)

for place in "$NVMESCOPE_ROOT" "$NVMESCOPE_CACHE" "$PWD"; do
	[[ $place/ != /usr/* ]] ||
		die "$place is under /usr, which the toolchain of $suite is laid over: keep nvmescope and its cache elsewhere"
done

namespace=(--mount)
((EUID == 0)) || namespace+=(--map-root-user)
unshare "${namespace[@]}" true 2>/dev/null ||
	die "no mount namespace to be had here, without which modules for this kernel cannot be built:" \
		"run as root, or allow users' namespaces (sysctl kernel.unprivileged_userns_clone=1)"
# shellcheck disable=SC2016 # the inner shell's
exec unshare "${namespace[@]}" /bin/bash -c 'mount --bind "$0" /usr && exec "$@"' "$dest/usr" "$@"
