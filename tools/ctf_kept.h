/* SPDX-License-Identifier: GPL-2.0 */
/* What a recording that is kept in memory (ctf_trace_memory()) holds at one instant. */
#ifndef NVS_CTF_KEPT_H
#define NVS_CTF_KEPT_H

#include "ctf_writer.h"

struct ctf_snapshot;

/*
 * All packets that @t holds now, with its env, to be written while @t goes on; the memory that
 * they take is free again when the snapshot is.  NULL: out of memory, @err says.
 */
struct ctf_snapshot *ctf_snapshot_take(const struct ctf_trace *t, struct nvs_error *err);
void ctf_snapshot_free(struct ctf_snapshot *s);
uint64_t ctf_snapshot_events(const struct ctf_snapshot *s);
/* Bytes that its streams' files will have. */
size_t ctf_snapshot_bytes(const struct ctf_snapshot *s);
/* As ctf_trace_env(), for this snapshot alone. */
int ctf_snapshot_env(struct ctf_snapshot *s, const char *key, const char *value);
/*
 * Writes it as a recording, @dir, which must not exist yet.  Losses are counted from its first
 * packet on.  May run in another thread than @t's.  -1: nothing is left of it, @err says.
 */
int ctf_snapshot_write(struct ctf_snapshot *s, const char *dir, struct nvs_error *err);

#endif
