#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-own.sh NAME BZIMAGE MODULES [BUILD]: a kernel of your own, for KERNEL=NAME and --kernel NAME.
#
#   NAME     what to call it: a letter, then letters, digits, . + -
#   BZIMAGE  arch/x86/boot/bzImage, or /boot/vmlinuz-RELEASE
#   MODULES  its modules, as `make modules_install INSTALL_MOD_PATH=DIR` leaves them in
#            DIR/lib/modules/RELEASE
#   BUILD    its build directory (or Debian's linux-headers), if our modules are to be built for it
#
# Image and modules are copied into the cache; name it again after building it again. Prints the
# directory, which is laid out as by kernel.sh.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/vmlinux.sh"

usage() { sed -n '4,10s/^# \?//p' "$0" >&2; exit 2; }
(($# == 3 || $# == 4)) || usage
name=$1 image=$2 modules=$3 build=${4-}

[[ $name =~ ^[a-z][0-9a-z.+-]*$ && $name != *-sanitized ]] ||
	die -2 "'$name' cannot be a kernel's name: a small letter, then small letters, digits, . + - (numbers are Debian's kernels)"
[[ -f $image ]] || die "no file $image; it should be the bzImage of your kernel (make bzImage leaves it in arch/x86/boot/)"
is_bzimage "$image" || die "$image is no bzImage for x86 (no HdrS in its header); the guest is an x86-64 machine"
[[ -d $modules/kernel ]] ||
	die "$modules holds no modules (no kernel/ in it); name DIR/lib/modules/RELEASE of: make modules_install INSTALL_MOD_PATH=DIR"
release=$(bzimage_release "$image")
tree=$(basename "$(realpath "$modules")")
[[ $release == "$tree" ]] ||
	die "$image is kernel $release, but $modules is for $tree: it would refuse them; install its own (make modules_install)"
[[ ! $build || -e $build/Module.symvers ]] ||
	die "$build has no Module.symvers, so modules cannot be built for $release there; run make modules in it"

# What the guest cannot do without, as a module or built in; 9p is how it sees this machine's files.
declare -A options=([virtio_pci]=VIRTIO_PCI [virtio_console]=VIRTIO_CONSOLE [9pnet_virtio]=NET_9P_VIRTIO
	[9p]=9P_FS [nvme]=BLK_DEV_NVME)
there=$({ cat "$modules/modules.builtin"; find "$modules/kernel" -name '*.ko*'; } | sed -E 's|.*/||; s/\.ko.*//; s/-/_/g')
missing=()
for m in "${!options[@]}"; do
	grep -qx "$m" <<<"$there" || missing+=("CONFIG_${options[$m]}")
done
((${#missing[@]} == 0)) ||
	die "kernel $release lacks what the guest needs: ${missing[*]} (=y or =m); set them in its configuration and build it again"

mkdir -p "$NVMESCOPE_CACHE"
dest=$NVMESCOPE_CACHE/kernel-$name
tmp=$(mktemp -d "$NVMESCOPE_CACHE/.kernel.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
new=$tmp/new
mkdir -p "$new/lib/modules/$release"
cp "$image" "$new/vmlinuz"
for part in kernel modules.builtin modules.builtin.modinfo modules.order; do
	[[ ! -e $modules/$part ]] || cp -r --reflink=auto "$modules/$part" "$new/lib/modules/$release/"
done
ln -s "lib/modules/$release" "$new/modules"
[[ ! $build ]] || ln -s "$(realpath "$build")" "$new/build"
# Uncompressed it starts sooner, if it can be started so: else QEMU gets the image as it is.
if ! extract_vmlinux "$new/vmlinuz" >"$new/vmlinux" || ! has_pvh "$new/vmlinux"; then
	ln -sf vmlinuz "$new/vmlinux"
fi
echo "$release" >"$new/release"
[[ ! -e $dest ]] || mv "$dest" "$tmp/old"
mv -T "$new" "$dest"
say "kernel $release is KERNEL=$name$([[ $build ]] || echo '; without BUILD our modules cannot be built for it, its own driver can be recorded')"
echo "$dest"
