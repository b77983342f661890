#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Commands that take too long: an Abort first, then a reset; nothing is lost by either. A
# controller that has declared itself broken is reset; one that cannot come up is let go.
. "$(dirname "$0")/lib.sh"
plan 12

recorded() { events "$logs/timeout/$1"; }

guest timeout --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M -- timeout-guest.sh main
is "abort: commands timed out, were aborted once each, and no reset followed" \
	"$(recorded abort | awk '/^timeout .*action=abort/ { t++ } /^abort .*step=sent/ { s++ } /^abort .*step=done/ { d++ } /^reset / { r++ }
		END { print (t > 0), t == s, s == d, r + 0 }')" "1 1 1 0"
is "reset: first the Abort, then the reset, then live" \
	"$(recorded reset | awk '/^timeout .*action=abort/ { if (!a) printf "abort "; a = 1 }
		/^reset .*why=timeout result=0/ { if (!r) printf "reset "; r = 1 }
		/^ctrl_state .*old_state=connecting new_state=live/ && r { if (!l) printf "live"; l = 1 }')" "abort reset live"
is "reset: every command that it took back was sent again, and ended well" \
	"$(recorded reset | awk '/^rq_complete .*how=cancelled/ && !/ qid=0 / { c++ } /^retry / { r++ } END { print (c > 0), c == r }')" "1 1"
is "fatal: CSTS.CFS was seen, and answered with a reset" \
	"$(recorded fatal | awk '/^reset .*why=fatal_status result=0/ { r = 1 } /new_state=live/ && r { print "live"; exit }')" live
