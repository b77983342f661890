#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compat.sh KDIR OUTDIR: finds out what this kernel offers by compiling the
# small files in compat/, and writes the answers to OUTDIR/compat_features.h.
# Version numbers would not do: distributions carry features back and forth.
set -euo pipefail

kdir=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$out/compat

mkdir -p "$work"
cp "$here"/compat/have_*.c "$work"/
: > "$work/Kbuild"
tests=()
for file in "$work"/have_*.c; do
	tests+=("$(basename "$file" .c)")
done
rm -f "$work"/*.o

# -k: a test that does not compile is an answer, not a failure.
make -k -s -j"$(nproc)" -C "$kdir" M="$work" "${tests[@]/%/.o}" > "$work/log" 2>&1 || true
if [ ! -f "$work/have_control.o" ]; then
	echo "compat.sh: nothing compiles against the kernel headers in $kdir; see $work/log" >&2
	exit 1
fi
{
	echo "/* SPDX-License-Identifier: GPL-2.0 */"
	echo "/* Written by compat.sh from compile tests against this kernel. */"
	for test in "${tests[@]}"; do
		name=${test^^}
		if [ -f "$work/$test.o" ]; then
			echo "#define $name 1"
		else
			echo "/* no $name */"
		fi
	done
} > "$out/compat_features.h.new"
mv "$out/compat_features.h.new" "$out/compat_features.h"
