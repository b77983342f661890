# SPDX-License-Identifier: GPL-2.0
# file: main.c
# check: devts
s/^\tfree_devts\(\);$/\t;/
/^static void __exit/,$ s/^\t;$/\tfree_devts();/
