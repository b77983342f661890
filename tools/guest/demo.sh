#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: record a controller's first seconds in a guest, hold the recording against
# the device's own log, and draw it into build/demo/.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
kernel=${KERNEL:-6.12}
out=$NVMESCOPE_ROOT/build/demo
nvmescope=$NVMESCOPE_ROOT/build/nvmescope
begin=$SECONDS

step() { printf '\n==> %s (%d s)\n' "$*" $((SECONDS - begin)); }

step "booting Linux $kernel in a guest: $("$here/accel.sh" "$kernel"), 4 CPUs, one NVMe controller with two namespaces"
rm -rf "$out"
mkdir -p "$out"
"$here/vm.sh" --kernel "$kernel" --smp 4 --name demo --out "$out" \
	--nvme max_ioqpairs=4,mdts=8 --ns size=1G --ns size=512M --trace 'pci_nvme_*' \
	--share "$NVMESCOPE_ROOT/build/kmod/$kernel:/modules" --add "$nvmescope:/usr/bin/nvmescope" \
	-- sh /src/tools/guest/demo-payload.sh

step "adding what the device itself saw (QEMU's log)"
"$nvmescope" import "$out/qemu.log" "$out/recording"

step "holding the recording against it"
"$nvmescope" check --witness "$out/qemu.log" "$out/recording"

step "drawing"
"$nvmescope" timeline "$out/recording" -o "$out"
"$nvmescope" walkthrough --steps 20000 "$out/recording" -o "$out/walkthrough.html"

step "summary"
"$nvmescope" report "$out/recording" | tee "$out/report.txt"
"$nvmescope" timeline "$out/recording" --format text --only depth

step "done; open these:"
ls "$out"/*.svg "$out"/*.html
printf '%s\n' "" "The recording is in $out/recording: try" \
	"  build/nvmescope report --json ${out#"$NVMESCOPE_ROOT"/}/recording" \
	"  babeltrace2 ${out#"$NVMESCOPE_ROOT"/}/recording | less"
