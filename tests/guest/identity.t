#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who is who: namespaces found with and without the controller's list, identifiers that
# are not unique or change, controllers that say they are of one subsystem; and what a
# device offers that is not there yet, which is said once.
. "$(dirname "$0")/lib.sh"
plan 63

uuid=11111111-2222-3333-4444-555555555555 eui64=0x1122334455667788
# port2 is for what the guest puts in; twin: another subsystem of the same name
guest identity --plug later \
	--nvme cmb_size_mb=1 --ns size=16M,nsid=1,uuid=$uuid --ns size=16M,nsid=3,uuid=$uuid \
	--ns size=16M,nsid=7,detached=on --ns size=16M,nsid=9,eui64=$eui64 \
	--nvme sriov_max_vfs=1,sriov_vq_flexible=2,sriov_vi_flexible=1 --ns size=16M,eui64=$eui64 \
	--nvme serial=spare --ns size=16M \
	--qemu -device --qemu nvme-subsys,id=twin,nqn=nvmescope0 -- identity-guest.sh main
