# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0

# events DIR: a recording, read by babeltrace2, as lines of
#	phase_begin cpu_id=1 ctrl=0 qid=0 cid=0 phase=nvme_reset_work parent=... tid=31
events() {
	timeout 600 babeltrace2 "$1" | sed -E 's/^\[[^]]*\] \([^)]*\) //; s/\( "([^"]*)" : container = [0-9]+ \)/\1/g
		s/[{},]//g; s/ = /=/g; s/: / /; s/  +/ /g; s/ $//'
}
