// SPDX-License-Identifier: GPL-2.0
/* Rules of data: how a command says where its memory lies, and how much it may be. */
#include <inttypes.h>
#include "rules_internal.h"

/* Page entries that the data needs. */
static uint32_t pages(const struct rule_moment *m)
{
	uint32_t page = state_page_size(m->c);
	uint64_t last = (m->sent->dptr1 & (page - 1)) + m->sent->bytes;

	return (uint32_t)((last + page - 1) / page);
}

static bool has_prps(const struct rule_moment *m)
{
	return m->sent->mapped && m->sent->how != NVS_MAP_none && m->sent->how != NVS_MAP_sgl;
}

static enum judgement no_admin_sgl(struct rule_moment *m)
{
	if (m->h->qid)
		return NO_OCCASION;
	if (m->sent->known && m->sent->flags >> 6)
		return broken(m, "CDW0.PSDT is %u in an admin command", m->sent->flags >> 6);
	if (m->sent->mapped && m->sent->how == NVS_MAP_sgl)
		return broken(m, "an admin command has an SGL");
	return m->sent->known ? HELD : OPEN;
}

static enum judgement prp1_aligned(struct rule_moment *m)
{
	if (!has_prps(m))
		return NO_OCCASION;
	if (m->sent->dptr1 & 3)
		return broken(m, "PRP entry 1 is %#" PRIx64, m->sent->dptr1);
	return HELD;
}

/* Entry 2 is a page, from its first byte on; or the address of a list of 8-byte entries. */
static enum judgement prp2_aligned(struct rule_moment *m)
{
	uint32_t mask;

	if (!has_prps(m) || !m->sent->bytes || pages(m) < 2)
		return NO_OCCASION;
	mask = pages(m) == 2 ? state_page_size(m->c) - 1 : 7;
	if (m->sent->dptr2 & mask)
		return broken(m, "PRP entry 2 is %#" PRIx64 ", %s", m->sent->dptr2,
			      mask == 7 ? "a list" : "a page");
	return HELD;
}

static enum judgement prps_suffice(struct rule_moment *m)
{
	const struct command *c = m->sent;
	uint32_t need;

	if (!has_prps(m) || !c->bytes)
		return NO_OCCASION;
	need = pages(m);
	if (need > 1 && !c->dptr2)
		return broken(m, "%u bytes at %#" PRIx64 " need %u entries, and entry 2 is 0",
			      c->bytes, c->dptr1, need);
	/* The provider may not know how many there are. */
	if (c->entries && c->entries != need)
		return broken(m, "%u bytes at %#" PRIx64 " need %u entries, not %u", c->bytes,
			      c->dptr1, need, c->entries);
	if (c->entries && (need > 2) != (c->lists > 0))
		return broken(m, "%u entries with %u lists", need, c->lists);
	return HELD;
}

static enum judgement within_mdts(struct rule_moment *m)
{
	if (!m->sent->mapped || !m->sent->bytes)
		return NO_OCCASION;
	if (!m->c->limits_known)
		return OPEN;
	if (m->c->mdts_bytes && m->sent->bytes > m->c->mdts_bytes)
		return broken(m, "%u bytes, the controller takes %" PRIu64, m->sent->bytes,
			      m->c->mdts_bytes);
	return HELD;
}

#define DATA (BIT(SOURCE_SENT) | BIT(SOURCE_DATA))

const struct rule rules_of_data[] = {
	{ "admin-sgl", "3.3.3.1", "admin commands have PRPs", DATA, BIT(ON_SENT), no_admin_sgl },
	{ "prp1-aligned", "4.1.1", "PRP entry 1 is a multiple of 4", DATA, BIT(ON_SENT),
	  prp1_aligned },
	{ "prp2-aligned", "4.1.1", "PRP entry 2 begins a page, or a list of entries", DATA,
	  BIT(ON_SENT), prp2_aligned },
	{ "prp-entries", "4.1.1", "there are as many PRP entries as the data has pages", DATA,
	  BIT(ON_SENT), prps_suffice },
	{ "mdts", "5.17.2.1", "no transfer is longer than MDTS", DATA | BIT(SOURCE_LIMITS),
	  BIT(ON_SENT), within_mdts },
	{ 0 },
};
