#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh [--refresh] KERNEL: a Debian kernel, unpacked and never installed.
#
# KERNEL is a series (6.12, 6.1, 5.10), an exact release (6.12.117+deb12-amd64), or 6.12-sanitized, which
# is built here from Debian's source and takes long (kernel-sanitized.sh). Prints
# the directory that holds it, which has
#   vmlinuz    as packaged
#   vmlinux    the same kernel uncompressed: the guest starts from it without spending
#              seconds of emulated time on decompression, and it carries .BTF
#   modules/   the kernel's own modules, as under /lib/modules/RELEASE
#   build/     headers: make -C DIR/build M=$PWD modules
#   config     the configuration it was built with
#   release    its uname -r
set -euo pipefail
. "$(dirname "$0")/lib.sh"

usage() { sed -n '4,6p' "$0" | sed 's/^# \?//' >&2; exit 2; }

refresh=
if [[ ${1-} == --refresh ]]; then refresh=1; shift; fi
[[ $# == 1 && $1 =~ ^[0-9][0-9.a-z+-]*$ ]] || usage
kernel=$1
[[ $kernel == *-sanitized ]] && exec "$(dirname "$0")/kernel-sanitized.sh" "${kernel%-sanitized}"
dest=$NVMESCOPE_CACHE/kernel-$kernel

if [[ -e $dest/release && ! $refresh ]]; then
	echo "$dest"
	exit
fi

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

# The headers' own dependencies name the kbuild package that fits them.
packages_for() {
	printf '%s\n' "linux-image-$1" "linux-headers-$1"
	apt-cache "${apt_options[@]}" depends "linux-headers-$1" 2>/dev/null |
		sed -nE 's/^[ |]*Depends: (linux-(headers-.*-common|kbuild-.*))$/\1/p'
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
# The series that no suite of Debian 12 has.
older() {
	case $kernel in
	5.10*) lists_of bullseye ;;
	*) return 1 ;;
	esac
}

if ! fetch && ! { { older || own_lists; } && fetch; }; then
	apt_words
	if [[ $release ]]; then
		die "could not download $(printf '%s ' "${packages[@]}")for kernel $kernel" \
			"(apt's words are above); check the network, then: apt-get update"
	fi
	die "no package linux-image-$kernel*-amd64 in this machine's apt sources, so kernel $kernel is" \
		"not to be had; on Debian 12 both 6.1 and 6.12 are in the suite bookworm-security:" \
		"add it to /etc/apt/sources.list, then: apt-get update"
fi

# --- unpack ---------------------------------------------------------------------

say "unpacking into $dest"
new=$tmp/new
mkdir "$new"
for deb in "$tmp"/debs/*.deb; do
	dpkg-deb -x "$deb" "$new" || die "$(basename "$deb") does not unpack; remove $NVMESCOPE_CACHE and try again"
done

# The packages' paths stay as they are, since they refer to each other by relative links;
# what refers to /usr/src or /lib by absolute path is redirected here.
headers=usr/src/linux-headers-$release
common=$(basename "$(echo "$new"/usr/src/linux-headers-*-common)")
[[ -d $new/$headers && -d $new/usr/src/$common && -d $new/lib/modules/$release ]] ||
	die "the packages of kernel $release do not hold $headers and lib/modules/$release as expected"
# shellcheck disable=SC2016 # make's own variables
printf 'include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../%s/Makefile\n' "$common" >"$new/$headers/Makefile"
ln -sfn "../../../$headers" "$new/lib/modules/$release/build"
ln -sfn "../../../usr/src/$common" "$new/lib/modules/$release/source"
ln -s "$headers" "$new/build"
ln -s "lib/modules/$release" "$new/modules"
ln -s "boot/vmlinuz-$release" "$new/vmlinuz"
ln -s "boot/config-$release" "$new/config"

# The compressed kernel lies inside vmlinuz where the boot protocol's header says
# (Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length);
# its last four bytes are the uncompressed size.
extract_vmlinux() {
	local image=$1 start length magic
	number() { od -An -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
	start=$((($(number 0x1f1 1) + 1) * 512 + $(number 0x248 4)))
	length=$(($(number 0x24c 4) - 4))
	magic=$(od -An -t x1 -j "$start" -N 4 "$image" | tr -d ' ')
	case $magic in
	28b52ffd) set -- zstd -dc ;;
	fd377a58) set -- xz -dc ;;
	1f8b08*) set -- gzip -dc ;;
	*) die "vmlinuz of $release is compressed in a way not known here (magic $magic); see extract_vmlinux in $0" ;;
	esac
	dd if="$image" bs=1M iflag=skip_bytes,count_bytes skip="$start" count="$length" status=none | "$@"
}
extract_vmlinux "$new/vmlinuz" >"$new/vmlinux"
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
echo "$release" >"$new/release"

if [[ -e $dest ]]; then mv "$dest" "$tmp/old"; fi
# Another run may have put the same kernel there first: then that one is as good.
mv -T "$new" "$dest" 2>/dev/null || [[ -e $dest/release ]] || die "could not move the kernel to $dest"
echo "$dest"
