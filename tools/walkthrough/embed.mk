# SPDX-License-Identifier: GPL-2.0
# What walkthrough_embed.c takes in: one page, in which style and scripts have been put where
# it asks for them, and the sources of the driver. Included by the makefiles of tools and of those tests that are linked with them.
# WALK: this directory; KMOD: the driver's; WALK_OBJECT: what is made of walkthrough_embed.c; B: the build directory.

WALK_PARTS := $(sort $(wildcard $(WALK)/*.html $(WALK)/*.css $(WALK)/*.js))
WALK_SOURCES := $(sort $(wildcard $(KMOD)/*.c))
WALK_EMBEDDED := $(B)/walkthrough/page.html $(B)/walkthrough/kmod.txt

$(B)/walkthrough/page.html: $(WALK_PARTS) $(WALK)/embed.mk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v dir=$(WALK) '/^@include / { f = dir "/" $$2; while ((getline line <f) > 0) print line; close(f); next } { print }' \
		$(WALK)/page.html >$@.new && mv $@.new $@

$(B)/walkthrough/kmod.txt: $(WALK_SOURCES) $(WALK)/embed.mk
	$(Q)mkdir -p $(@D)
	$(Q)awk 'FNR == 1 { n = FILENAME; sub(".*/", "", n); print "\f" n } { print }' $(WALK_SOURCES) >$@.new && mv $@.new $@

$(WALK_OBJECT): NVS_CFLAGS += -DWALK_EMBED_DIR='"$(B)/walkthrough"'
$(WALK_OBJECT): $(WALK_EMBEDDED)
