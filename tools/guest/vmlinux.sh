# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a kernel image holds.

# extract_vmlinux IMAGE: the uncompressed kernel, on stdout; fails if it cannot. It lies inside a
# bzImage where the boot protocol's header says (Documentation/arch/x86/boot.rst: setup_sects,
# payload_offset, payload_length); its last four bytes are the uncompressed size.
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
	*) return 1 ;;
	esac
	dd if="$image" bs=1M iflag=skip_bytes,count_bytes skip="$start" count="$length" status=none | "$@"
}

is_bzimage() { [[ $(dd if="$1" bs=1 skip=$((0x202)) count=4 status=none 2>/dev/null | tr -d '\0') == HdrS ]]; }

# bzimage_release IMAGE: its uname -r, which the header points to (kernel_version).
bzimage_release() {
	local at
	at=$(($(od -An -t u2 -j $((0x20e)) -N 2 "$1") + 0x200))
	dd if="$1" bs=1 skip="$at" count=128 status=none | tr '\0' '\n' | head -n 1 | cut -d ' ' -f 1
}

# Can it be started without its compressed image?  QEMU asks for this note (CONFIG_PVH).
has_pvh() { readelf -n "$1" 2>/dev/null | grep -qE 'Xen.*0x0*12\b'; }
