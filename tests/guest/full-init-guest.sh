#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
ctrl=/sys/class/nvme/nvme0

live() { [ "$(cat $ctrl/state)" = live ]; }
interrupts() { grep -c 'nvme0q' /proc/interrupts; }
reads() { dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 iflag=direct; }
quirks() { # WHAT PARAMETER WANTED
	load '' "${2:+quirks=$2}"
	is "$1" "$(cat $ctrl/quirks)" "$3"
	unload
}
refused() { # MODULE PARAMETER
	! insmod "/modules/$1.ko" "$2" || { rmmod "$1"; return 1; }
}

quirky() {
	quirks "the device's own quirk" '' bogus_nid
	quirks "quirks= takes one away and adds others" \
		'8086:f1a5:broken_msi-1b36:0010:^bogus_nid,single_vector,medium_prio_sq' 'single_vector medium_prio_sq'
	quirks "quirks= of other devices change nothing" '1b36:0011:broken_msi' bogus_nid
	load '' quirks=1b36:0010:single_vector,dma_address_bits_48,delay_before_chk_rdy,dmapool_align_512
	is "single_vector: every queue on one interrupt" "$(awk '/nvme0q/ { print $1 }' /proc/interrupts | wc -l)" 1
	check "with these quirks it reads" reads
	unload
	insmod /modules/nvmescope_core.ko
	for bad in 1b36 1b36:0010 1b36:0010:no_such_thing 1b36:x:bogus_nid; do
		check "quirks=$bad is refused" refused nvmescope "quirks=$bad"
	done
	rmmod nvmescope_core
}

"$@"
