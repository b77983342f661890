#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh [--refresh] KERNEL: a Debian kernel, unpacked and never installed.
#
# KERNEL is a series (7.2, 6.12, 6.1, 5.10), an exact release (6.12.117+deb12-amd64), 6.12-sanitized, which
# is built here from Debian's source and takes long (kernel-sanitized.sh), or the name of one of your own
# (kernel-own.sh). Exits with 75 if the archive cannot be reached or has it no longer. Prints the
# directory that holds it, which has
#   vmlinuz    as packaged
#   vmlinux    the same kernel uncompressed: the guest starts from it without spending
#              seconds of emulated time on decompression, and it carries .BTF
#   modules/   the kernel's own modules, as under /lib/modules/RELEASE
#   build/     headers: make -C DIR/build M=$PWD modules
#   config     the configuration it was built with
#   release    its uname -r
#   toolchain  the release of Debian whose compiler its modules want, if it is another than this one
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vmlinux.sh"

usage() { sed -n '4,9s/^# \?//p' "$0" >&2; exit 2; }

refresh=
if [[ ${1-} == --refresh ]]; then refresh=1; shift; fi
[[ $# == 1 && $1 =~ ^[0-9a-z][0-9.a-z+-]*$ ]] || usage
kernel=$1
[[ $kernel == *-sanitized ]] && exec "$(dirname "$0")/kernel-sanitized.sh" "${kernel%-sanitized}"
dest=$NVMESCOPE_CACHE/kernel-$kernel

if [[ -e $dest/release && ! $refresh ]]; then
	echo "$dest"
	exit
fi
[[ $kernel == [0-9]* ]] ||
	die "no kernel is called $kernel; if it is one of your own: ${0%/*}/kernel-own.sh $kernel BZIMAGE MODULES [BUILD]"

need apt-get apt
need zstd zstd
need xz xz-utils

mkdir -p "$NVMESCOPE_CACHE"
tmp=$(mktemp -d "$NVMESCOPE_CACHE/.kernel.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# --- which packages -------------------------------------------------------------

. "$(dirname "$0")/apt.sh"

# The newest image of the series. Names are sorted as versions; flavours (cloud, rt) and
# unsigned or debug images are not what a Debian machine runs.
find_release() {
	local series=${kernel%-amd64} abi
	while read -r abi; do
		if known "linux-image-$abi"; then
			echo "$abi"
			return
		fi
	done < <(apt-cache "${apt_options[@]}" pkgnames "linux-image-$series" 2>/dev/null |
		sed -n 's/^linux-image-//p' |
		grep -E -- '^[0-9.]+(-[0-9]+|[+][0-9a-z.+~]+)-amd64$' |
		grep -E -- "^${series//[.+]/[&]}([.+-]|\$)" | sort -rV)
	return 1
}

# The packages' own dependencies name the kbuild package that fits the headers, and from 7.2 on
# those that the image is divided into.
packages_for() {
	printf '%s\n' "linux-image-$1" "linux-headers-$1"
	apt-cache "${apt_options[@]}" depends "linux-image-$1" "linux-headers-$1" 2>/dev/null |
		sed -nE 's/^[ |]*Depends: (linux-(headers-.*-common|(kbuild|base|binary|modules)-.*))$/\1/p' | sort -u
}

fetch() {
	local found
	found=$(find_release) || return 1
	release=$found
	mapfile -t packages < <(packages_for "$release")
	say "downloading kernel $release: ${packages[*]}"
	download "${packages[@]}"
}

release=
# The series that no suite of Debian 12 has: from which they are, and, if they must be, built for.
suites=() toolchain=''
case $kernel in
5.10*) suites=(bullseye) ;;
7.*) suites=(trixie-backports) toolchain=trixie ;;
esac
if [[ ${suites[*]} ]]; then
	found() { lists_of "${suites[@]}" && fetch; }
else
	found() { fetch || { own_lists && fetch; }; }
fi

if ! found; then
	apt_words
	if [[ $release ]]; then
		die -75 "could not download $(printf '%s ' "${packages[@]}")for kernel $kernel" \
			"(apt's words are above); check the network, then: apt-get update"
	fi
	if [[ ${suites[*]} ]]; then
		die -75 "no package linux-image-$kernel*-amd64 to be had of ${suites[*]}, which is looked for where this" \
			"machine has its own release from (apt-get indextargets); check the network, and that the archive has it still"
	fi
	die -75 "no package linux-image-$kernel*-amd64 in this machine's apt sources, so kernel $kernel is" \
		"not to be had; on Debian 12 both 6.1 and 6.12 are in the suite bookworm-security:" \
		"add it to /etc/apt/sources.list, then: apt-get update"
fi

# --- unpack ---------------------------------------------------------------------

say "unpacking into $dest"
new=$tmp/new
unpack "$new"

# The packages' paths stay as they are, since they refer to each other by relative links;
# what refers to /usr/src or /lib by absolute path is redirected here.
headers=usr/src/linux-headers-$release
common=usr/src/$(basename "$(echo "$new"/usr/src/linux-headers-*-common)")
[[ -e $new/lib ]] || ln -s usr/lib "$new/lib"
tree=lib/modules/$release
[[ -d $new/$headers && -d $new/$common && -e $new/$tree/modules.builtin ]] ||
	die "the packages of kernel $release do not hold $headers and $tree as expected"
# shellcheck disable=SC2016 # make's own variables
sed -i -E 's|/usr/src/|$(dir $(realpath $(lastword $(MAKEFILE_LIST))))../|; s|^KBUILD_OUTPUT *=|KBUILD_OUTPUT :=|' \
	"$new/$headers/Makefile"
ln -sfnr "$new/$headers" "$new/$tree/build"
ln -sfnr "$new/$common" "$new/$tree/source"
ln -s "$headers" "$new/build"
ln -s "$tree" "$new/modules"
# in /boot, or, from 7.2 on, beside the modules
for part in vmlinuz config; do
	if [[ -e $new/boot/$part-$release ]]; then ln -s "boot/$part-$release" "$new/$part"; else ln -s "$tree/$part" "$new/$part"; fi
done

extract_vmlinux "$new/vmlinuz" >"$new/vmlinux" ||
	die "vmlinuz of $release is compressed in a way not known here; see extract_vmlinux in ${0%/*}/vmlinux.sh"
[[ $(head -c 4 "$new/vmlinux") == $'\x7fELF' ]] || die "vmlinuz of $release did not unpack to an ELF file"

# BTF for modules needs the kernel's own. 6.12's headers bring it as a stub vmlinux, and
# resolve_btfids; 6.1's bring neither, so the build would leave BTF out.
[[ -e $new/build/vmlinux ]] || ln -s ../../../vmlinux "$new/build/vmlinux"
resolve=$new/build/tools/bpf/resolve_btfids/resolve_btfids
if [[ ! -e $resolve ]]; then
	mkdir -p "${resolve%/*}"
	printf '#!/bin/sh\n# A module without BTF_ID sets has nothing to resolve.\nexit 0\n' >"$resolve"
	chmod +x "$resolve"
fi
chmod -R u+rwX "$new"
[[ ! $toolchain ]] || echo "$toolchain" >"$new/toolchain"
echo "$release" >"$new/release"

if [[ -e $dest ]]; then mv "$dest" "$tmp/old"; fi
# Another run may have put the same kernel there first: then that one is as good.
mv -T "$new" "$dest" 2>/dev/null || [[ -e $dest/release ]] || die "could not move the kernel to $dest"
echo "$dest"
