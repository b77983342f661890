# SPDX-License-Identifier: GPL-2.0
# What tests/unit and tests/fuzz share: all of tools/ but main(), compiled with a sanitizer's CFLAGS
# into $(O)/tools/*.o. To be included below `all:`, with CC, CFLAGS, NVS_CFLAGS and O set.

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(patsubst $(B)/%,%,$@))
TOOLS := ../../tools
NVS_CFLAGS += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -I$(TOOLS) -I../../kmod -I../../bpf -I$(B)/bpf
# The same libraries as the tool.
LDLIBS := $(shell sed -n 's/^LDLIBS := //p' $(TOOLS)/Makefile)

WALK := $(TOOLS)/walkthrough
KMOD := ../../kmod
WALK_OBJECT := $(O)/tools/walkthrough_embed.o
include $(WALK)/embed.mk

TOOL_OBJS := $(patsubst $(TOOLS)/%.c,$(O)/tools/%.o,$(filter-out %/main.c,$(wildcard $(TOOLS)/*.c)))

compile = $(CC) $(CFLAGS) $(NVS_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/%.o: %.c | $(O)/tools
	$(call say,CC)
	$(Q)$(compile)

$(O)/tools/%.o: $(TOOLS)/%.c | $(O)/tools $(B)/bpf/driver.skel.h
	$(call say,CC)
	$(Q)$(compile)

$(B)/bpf/driver.skel.h: FORCE
	$(Q)$(MAKE) --no-print-directory -C ../../bpf B=$(B)
FORCE:

$(O)/tools:
	$(Q)mkdir -p $@

.PHONY: all FORCE
.SECONDARY:
-include $(wildcard $(O)/*.d $(O)/tools/*.d)
