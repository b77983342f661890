#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# plant.sh KERNEL NAME: builds our modules with a regression in them, to see that compare finds
# it, and prints where they are. Only a copy of the sources is touched.
#
#   delay    300 instructions more in nvme_setup_cmd()
#   bells    one doorbell for each command: no batches
#   read     a register is read for each completion
#   affinity an I/O queue interrupts the CPUs of another one
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh

kernel=$1 name=$2
out=$PWD/build/plant/$kernel/$name
src=$out.src

# edit FILE SCRIPT: by sed; it must change something.
edit() {
	sed -i.before -E "$2" "$src/$1"
	! cmp -s "$src/$1" "$src/$1.before" || die "$name: nothing to plant in $1: has it been rewritten?"
	rm "$src/$1.before"
}

rm -rf "$src"
mkdir -p "$src"
cp -rp kmod/. "$src" # as old as they are: what is the same is not built again
case $name in
delay) edit command.c '/^blk_status_t nvme_setup_cmd\(/,/^\}/ s/^\tcmd->common.command_id = req->cid;$/&\n\t{\n\t\tu32 planted = 150;\n\n\t\tasm volatile("1: dec %0; jnz 1b" : "+r" (planted));\n\t}/' ;;
bells)
	edit pci_submit.c 's/^\tif \(bd->last\)$/\tif (true)/'
	edit pci_submit.c '/^static void submit_batch/,/^\}/ s/^\t\trq = next;$/\t\tif (next)\n\t\t\tring_sq(nvmeq);\n\t\trq = next;/'
	;;
read) edit pci_complete.c 's/^\tnvme_req_finish\(rq, cqe->status, cqe->result\);$/&\n\t{\n\t\tu32 csts;\n\n\t\tnvmeq->dev->ctrl.ops->reg_read32(\&nvmeq->dev->ctrl, NVME_REG_CSTS, \&csts);\n\t}/' ;;
affinity) edit pci_queue.c 's/(num_vecs > 1 && !polled \? )qid/\1dev->num_vecs - qid/' ;;
*) die -2 "nothing is known of '$name': it is delay, bells, read or affinity" ;;
esac
kdir=$(tools/guest/kernel.sh "$kernel")
tools/guest/toolchain.sh "$kdir" make -s --no-print-directory -C "$src" KDIR="$kdir/build" OUT="$out" >"$out.log" 2>&1 || {
	cat "$out.log" >&2
	die "the modules with '$name' do not build for $kernel"
}
echo "$out"
