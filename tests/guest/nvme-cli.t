#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme-cli finds the controller and its namespaces, asks them, and moves data by hand.
. "$(dirname "$0")/lib.sh"
plan 20
guest cli --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --ns size=32M -- nvme-cli-guest.sh main
