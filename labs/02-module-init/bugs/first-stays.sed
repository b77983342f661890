# SPDX-License-Identifier: GPL-2.0
# file: main.c
# check: half_workqueues
s/^\t\tdestroy_workqueue\(nvme_wq\);$/\t\t;/
