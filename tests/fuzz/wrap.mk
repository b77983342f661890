# SPDX-License-Identifier: GPL-2.0
# A fuzzer takes the place of function f of the tools by defining __wrap_f().
comma := ,
wraps = $(patsubst __wrap_%,-Wl$(comma)--wrap=%,$(sort $(shell grep -oh '__wrap_[a-z_]*' $(1))))
# All of an archive: commands are weak where options are tried, which takes nothing out of one.
whole = $(filter-out %.a,$(1)) -Wl,--whole-archive $(filter %.a,$(1)) -Wl,--no-whole-archive
