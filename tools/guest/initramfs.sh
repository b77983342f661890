#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# initramfs.sh [--add SRC[:DEST]]... [--module NAME]... KERNEL-DIR: the guest's root.
#
# KERNEL-DIR is what kernel.sh printed. SRC is a program (its shared libraries come with
# it) or any other file; DEST defaults to /bin/NAME for a program given by name, else
# to SRC's own path. Prints the path of a cpio archive, kept in the cache under a
# name made from its inputs, so that nothing is built twice.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$PATH:/usr/sbin:/sbin

# Loaded at boot.
load=(virtio_pci virtio_console 9pnet_virtio 9p)
# There for modprobe; the crc ones are asked for by name at run time (crypto API).
modules=(nvme ext4 crc32c_generic crc32c-intel crct10dif_generic crc64_rocksoft_generic)
programs=(bash nvme fio mkfs.ext4 e2fsck)

add=()
while [[ ${1-} == --* ]]; do
	case $1 in
	--add) add+=("$2") ;;
	--module) modules+=("$2") ;;
	*) die -2 "unknown option $1; usage: initramfs.sh [--add SRC[:DEST]]... [--module NAME]... KERNEL-DIR" ;;
	esac
	shift 2
done
[[ $# == 1 && -e $1/release ]] || die -2 "'${1-}' is not a kernel directory; kernel.sh makes one and prints its name"
kernel=$1
release=$(<"$kernel/release")
tree=$kernel/lib/modules/$release

need busybox busybox-static
need cpio cpio
need modinfo kmod

# --- what goes in: lines of "source destination" ----------------------------------

declare -A files=()

put() { # SRC DEST: a file, and the libraries it is linked with
	local src=$1 dest=$2 lib
	files[$dest]=$src
	[[ $(head -c 4 "$src" | tr -d '\0') == $'\x7fELF' ]] || return 0
	while read -r lib; do
		files[$lib]=$lib
	done < <(ldd "$src" 2>/dev/null | grep -oE '/[^ ]+')
}

for program in "${programs[@]}"; do
	path=$(command -v "$program") || die "no program $program for the guest; run tools/guest/packages.sh guest"
	put "$path" "/bin/$program"
done
put "$(command -v busybox)" /bin/busybox
files[/init]=$here/init
files[/bin/host]=$here/host
for item in "${add[@]}"; do
	src=${item%%:*} dest=
	[[ $item == *:* ]] && dest=${item#*:}
	if [[ $src != */* ]]; then
		path=$(command -v "$src") || die "--add $src: no such program on this machine; install it or give a path"
		put "$path" "${dest:-/bin/$src}"
	else
		[[ -f $src ]] || die "--add $src: no such file; build it first?"
		put "$(realpath "$src")" "${dest:-$(realpath "$src")}"
	fi
done

# --- already there? ---------------------------------------------------------------

key=$({
	for dest in "${!files[@]}"; do printf '%s %s\n' "$dest" "$(stat -Lc '%n %s %Y' "${files[$dest]}")"; done | sort
	printf '%s\n' "$release" "$(stat -Lc %Y "$kernel/release")" "${load[@]}" "${modules[@]}"
	cat "$0" "$here/init" "$here/host"
} | sha256sum | head -c 16)
image=$NVMESCOPE_CACHE/initramfs-$key.cpio
if [[ -e $image ]]; then
	touch "$image" # still wanted: see the clearing out below
	echo "$image"
	exit
fi

# --- build ------------------------------------------------------------------------

tmp=$(mktemp -d "$NVMESCOPE_CACHE/.initramfs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root"/{dev,proc,sys,run,tmp,root,out,etc,sbin,bin,usr/bin,usr/sbin,lib,mnt}
for dest in "${!files[@]}"; do
	mkdir -p "$root${dest%/*}"
	cp -L --preserve=mode "${files[$dest]}" "$root$dest"
done
for applet in $("$(command -v busybox)" --list); do
	[[ -e $root/bin/$applet ]] || ln -s /bin/busybox "$root/bin/$applet"
done
ln -s /bin/busybox "$root/sbin/modprobe" # where the kernel looks for it
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo ext4 >"$root/etc/filesystems" # mount tries what is named here, and the kernel loads it
ln -s /proc/mounts "$root/etc/mtab"

# Dependencies are read from the modules themselves: depmod over the whole tree would
# decompress 4,000 of them. The copies are decompressed here, not in the guest.
declare -A placed=()
place() { # NAME: into the tree, after what it depends on; appends paths to $order
	local name=${1//-/_} file depends d
	[[ ${placed[$name]-} ]] && return
	placed[$name]=1
	file=${path_of[$name]-}
	[[ $file ]] || return 0 # built in, or not in this series
	depends=$(modinfo -F depends "$tree/$file")
	for d in ${depends//,/ }; do place "$d"; done
	local target=/lib/modules/$release/${file%.ko*}.ko
	mkdir -p "$root${target%/*}"
	case $file in
	*.xz) xz -dc "$tree/$file" >"$root$target" ;;
	*.zst) zstd -qdc "$tree/$file" >"$root$target" ;;
	*.gz) gzip -dc "$tree/$file" >"$root$target" ;;
	*) cp "$tree/$file" "$root$target" ;;
	esac
	order+=("$target")
}
declare -A path_of=()
while read -r file; do
	name=${file##*/}
	name=${name%%.ko*}
	path_of[${name//-/_}]=$file
done < <(cd "$tree" && find kernel -name '*.ko*')

order=()
for m in "${load[@]}"; do place "$m"; done
printf '%s\n' "${order[@]}" >"$root/etc/modules-load"
for m in "${modules[@]}"; do place "$m"; done
cp "$tree"/modules.builtin* "$root/lib/modules/$release/"
(cd "$root" && find lib/modules -name '*.ko' -printf '%P\n' | sed "s@^$release/@@") >"$root/lib/modules/$release/modules.order"
depmod -b "$root" "$release"

(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$tmp/image" ||
	die "cpio could not write $tmp/image; is there room on the disk?"
mv "$tmp/image" "$image"
# 100 MB each, and a new one for every new build of a tool: those used last stay. Others may do the same now.
find "$NVMESCOPE_CACHE" -maxdepth 1 -ignore_readdir_race -name 'initramfs-*.cpio' -printf '%T@ %p\n' |
	sort -rn | tail -n +25 | cut -d ' ' -f 2- | xargs -r -d '\n' rm -f
echo "$image"
