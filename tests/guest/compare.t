#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compare finds a regression that was planted, says where it is, and finds none where there is
# none. long-compare.t and long-compare-null.t have more of both.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../compare/planted.sh"
not_sanitized
[[ $kernel == 6.12 ]] || {
	echo "1..0 # SKIP of the tool, for which one kernel will do; long-compare.t and long-compare-null.t run on each"
	exit
}
plan 6

compare_runs runs 8 base delay base-again
names "300 instructions in nvme_setup_cmd: found, in the driver's stage" delay "read 4K, default queues: driver" p50
is "300 instructions: nothing in the completion's" "$(said "read 4K, default queues: completion" p50 verdict)" same
is "300 instructions: as much as was planted" \
	"$(said "read 4K, default queues: driver" mean '| .b.median - .a.median | . > 285 and . < 340')" true
unconfirmed "the same driver again: no regression" 8 base-again base
