# SPDX-License-Identifier: GPL-2.0
# file: main.c
# check: workqueues
/^out_destroy_workqueues:/,/^\}/ s/^\tdestroy_workqueues\(\);/\t;/
