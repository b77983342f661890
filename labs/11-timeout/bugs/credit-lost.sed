# SPDX-License-Identifier: GPL-2.0
# file: pci_timeout.c
# check: credits
# planted: yes
/\(abort_done, /,/^\}/ {
	/atomic_inc\(&req->ctrl->abort_limit\)/d
}
