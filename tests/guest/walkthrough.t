#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Walkthroughs of what really happens: a start that goes well, one that fails, commands that
# are late, and the kernel's own driver; their pages in a browser, where there is one.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 19

mishap=$build/mishap/$kernel
[[ -e $mishap/mishap.ko ]] || { echo "Bail out! no $mishap/mishap.ko; run: make mishap-$kernel"; exit 1; }
# See mishap.c: what is read where nobody answers.
head -c 16384 /dev/zero | tr '\0' '\377' >"$work/ones"
guest life --smp 2 --nvme max_ioqpairs=2,mdts=5 --ns size=64M --ns size=32M --trace 'pci_nvme_*' --share "$mishap:/mishap" \
	--qemu -device --qemu "pci-testdev,romfile=$work/ones" -- walkthrough-guest.sh main
check "what the device saw is added" "$nvmescope" import "$logs/life/qemu.log" "$logs/life/first"

walk() { # NAME: its steps alone, without the sentences
	"$nvmescope" walkthrough --text "$logs/life/$1" | sed -nE 's/^ *[0-9]+ +[0-9.]+[mnu]?s  [^ ]+( [a-z]+)? +//p'
}
for name in first failing recover stock; do walk "$name" >"$work/$name"; done
has() { # NAME LINES: each, in this order
	local line rest
	rest=$(<"$work/$1")
	while IFS= read -r line; do
		[[ $rest == *"$line"* ]] || { echo "no '$line' where it should be"; return 1; }
		rest=${rest#*"$line"}
	done <<<"$2"
}
check "first: from the core's init to the disks" has first "nvme_core_init begins
nvme_probe begins
state new -> resetting
nvme_pci_configure_admin_queue begins
write CC = 0x0
write AQA = 0x1f001f
write CC = 0x460061
device: write of CC, 0x460061
read CSTS = 0x1
Identify: cmd_setup
Create I/O CQ: cmd_setup
Create I/O SQ: cmd_setup
state connecting -> live
nvme_alloc_ns begins
ns_found
nvme_exit ends"
check "first: one I/O of each way to lay out data" has first "Write: cmd_setup
how=prp1
how=prp2
how=prp_list"
check "failing: the device breaks before it answers Identify" has failing "read CSTS = 0x1
Identify: cmd_setup
sq_doorbell
read CSTS = 0x2
state connecting -> deleting
nvme_init_identify FAILS
nvme_remove_dead_ctrl begins
state deleting -> dead
nvme_reset_work FAILS"
check "recover: late, aborted, reset, live" has recover "why=timeout
abort step=sent
action=abort
state live -> resetting
reset why=timeout result=0
state connecting -> live"
check "stock: the kernel's own driver, too" has stock "Identify: cmd_sent
sq_doorbell
cqe"
one=$("$nvmescope" walkthrough --text --io 3 "$logs/life/first" | sed -nE 's/^ *[0-9]+ +[0-9.]+[mnu]?s  [^ ]+( [a-z]+)?( q[0-9]+)? +(([A-Z][a-z]+: )?([a-z_]+)).*/\5/p' | tr '\n' ' ')
is "one I/O: each step once, the device's between" "$(sed 's/batch_submit //; s/batch_complete //' <<<"$one")" \
	"rq_start cmd_setup cmd_map sqe sq_doorbell dev_doorbell dev_cmd dev_cqe dev_irq cq_enter cqe cq_doorbell cmd_unmap rq_complete "
different=$("$nvmescope" walkthrough --text "$logs/life/first" "$logs/life/failing" | tail -n 1)
check "a good and a failing start: the answer to Identify is the first difference" \
	grep -qE 'in reset work: A #[0-9]+: a command of queue 0 is answered, status 0x0; B #[0-9]+: ' <<<"$different"
for name in first failing recover stock; do
	check "$name: a page" "$nvmescope" walkthrough "$logs/life/$name" -o "$logs/$name.html"
done
check "two on a page" "$nvmescope" walkthrough --lang zh "$logs/life/first" "$logs/life/failing" -o "$logs/two.html"
for name in first failing recover stock two; do
	if command -v chromium >/dev/null; then
		check "$name: each step in a browser, and no word on its console" "$NVMESCOPE_ROOT/tests/browser.sh" "$logs/$name.html"
	else
		skip "$name: in a browser" "chromium is not installed: make check-walkthrough installs it"
	fi
done
