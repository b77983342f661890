#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-sanitized.sh SERIES: Debian's source of that kernel (6.12), built with what watches
# over a driver: KASAN, UBSAN, lockdep, kmemleak, debug objects, DMA-API debugging and
# fault injection (sanitized.config).
#
# Takes some 40 minutes of one processor, once, and 5 GB of the cache. Prints a directory
# as kernel.sh does, except that build/ is the whole build directory, and source/ its source.
# To build it anew, remove that directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

usage() { sed -n '4,6s/^# \?//p' "$0" >&2; exit 2; }
[[ $# == 1 && $1 =~ ^[0-9]+\.[0-9]+$ ]] || usage
series=$1
config=$(cd "$(dirname "$0")" && pwd)/sanitized.config
dest=$NVMESCOPE_CACHE/kernel-$series-sanitized

if [[ -e $dest/release ]]; then
	echo "$dest"
	exit
fi

"$(dirname "$0")/packages.sh" sanitized >&2
mkdir -p "$NVMESCOPE_CACHE"
tmp=$(mktemp -d "$NVMESCOPE_CACHE/.kernel.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
. "$(dirname "$0")/apt.sh"

say "downloading linux-source-$series"
download "linux-source-$series" || { own_lists && download "linux-source-$series"; } || {
	apt_words
	die "could not download the package linux-source-$series (apt's words are above, if it had any)"
}
say "unpacking its source"
dpkg-deb -x "$tmp"/debs/*.deb "$tmp/package"
new=$tmp/new
mkdir -p "$new/source" "$new/build"
tar -xf "$tmp/package/usr/src/linux-source-$series.tar.xz" -C "$new/source" --strip-components=1
rm -r "$tmp/package" "$tmp/debs"

build() { make -s -C "$new/source" O="$new/build" LOCALVERSION=-sanitized "$@"; }
log=$NVMESCOPE_CACHE/kernel-$series-sanitized.log

build KCONFIG_ALLCONFIG="$config" allnoconfig >"$log" 2>&1 || die "the configuration failed; see $log"
# An option whose conditions are not met is left out without a word.
absent=$(grep '^CONFIG' "$config" | grep -vxFf "$new/build/.config" || true)
[[ ! $absent ]] || die "kernel $series does not take these lines of $config:" "$absent"

say "building it, which takes a while; what make says goes to $log"
build -j"$(nproc)" bzImage modules >>"$log" 2>&1 || die "the build failed; see the end of $log"
build INSTALL_MOD_PATH="$new" modules_install >>"$log" 2>&1 || die "the modules could not be installed; see the end of $log"

# Our modules need headers, scripts, Module.symvers and vmlinux's BTF, not the objects.
find "$new/build" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
release=$(build kernelrelease)
cp "$new/build/arch/x86/boot/bzImage" "$new/vmlinuz"
objcopy --strip-debug "$new/build/vmlinux" "$new/vmlinux"
cp "$new/build/.config" "$new/config"
ln -s "lib/modules/$release" "$new/modules"
# The build directory knows its own place by absolute path.
place="$dest"
rm -f "$new/lib/modules/$release"/{build,source}
ln -s ../../../build "$new/lib/modules/$release/build"
ln -sfn ../source "$new/build/source"
sed -i "s|$new|$place|g" "$new/build/Makefile"
echo "$release" >"$new/release"
rm -rf "$dest"
mv -T "$new" "$dest"
echo "$dest"
