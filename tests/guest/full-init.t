#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ways in which a controller comes up, and what may happen to it while it is up.
. "$(dirname "$0")/lib.sh"
plan 98

guest quirks -- full-init-guest.sh quirky
guest nomsi --append pci=nomsi -- full-init-guest.sh few INTx 1 2
guest vectors --smp 4 --nvme msix_qsize=2 -- full-init-guest.sh few "two vectors" 2 2
guest queues --smp 4 --nvme max_ioqpairs=1 -- full-init-guest.sh few "one I/O queue" 2 2
guest parameters -- full-init-guest.sh parameters
guest events --ns size=64M --ns size=32M,detached=on -- full-init-guest.sh events
guest flr -- full-init-guest.sh flr
guest fatal -- full-init-guest.sh fatal
guest pm --plug later --nvme serial=first --nvme serial=second -- full-init-guest.sh pm
