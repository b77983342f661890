// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctf_writer.h"
#include "synth.h"

#define US 1000ull
#define MS 1000000ull

/* MQES 2,048, contiguous queues, 8 s, NVM commands, pages of 4 to 64 KiB. */
#define SYNTH_CAP    0x004000200f0107ffull
#define SYNTH_MEMORY 0x10000000u

/* Every event that is put has its header filled in from here. */
struct clock {
	struct synth *s;
	uint64_t now;
	unsigned int cpu;
	uint32_t tid;
	uint16_t ctrl;
	uint64_t random;
};

void synth_add(struct synth *s, unsigned int cpu, const void *ev, unsigned int size)
{
	struct synth_item *item;

	if (s->nr == s->max) {
		s->max = s->max ? s->max * 2 : 1024;
		s->item = realloc(s->item, s->max * sizeof(*s->item));
		if (!s->item)
			abort();
	}
	item = &s->item[s->nr++];
	memset(item, 0, sizeof(*item));
	memcpy(&item->ev, ev, size);
	item->cpu = cpu;
	item->size = size;
	item->seq = s->nr;
}

static void put(struct clock *c, unsigned int id, unsigned int qid, unsigned int cid,
		struct nvs_hdr *h, unsigned int size)
{
	h->ts = c->now;
	h->id = (uint16_t)id;
	h->ctrl = c->ctrl;
	h->qid = (uint16_t)qid;
	h->cid = (uint16_t)cid;
	synth_add(c->s, c->cpu, h, size);
}

/* A step of a command: level io tells them all at its end. */
#define STEP(io, ev, qid, cid, ...)                               \
	do {                                                      \
		if (!(io)->o->io)                                 \
			PUT(&(io)->c, ev, qid, cid, __VA_ARGS__); \
	} while (0)

#define PUT(c, ev, qid, cid, ...)                                 \
	do {                                                      \
		struct nvs_##ev e_ = { __VA_ARGS__ };             \
		put(c, NVS_ID_##ev, qid, cid, &e_.h, sizeof(e_)); \
	} while (0)

/* xorshift64: the same on every machine. */
static uint64_t rnd(struct clock *c, uint64_t below)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random % below;
}

static void begin(struct clock *c, unsigned int phase, unsigned int parent)
{
	PUT(c, phase_begin, 0, 0, .phase = (uint16_t)phase, .parent = (uint16_t)parent,
	    .tid = c->tid);
	c->s->truth.phases++;
	c->now += 2 * US;
}

static void end(struct clock *c, unsigned int phase, unsigned int parent)
{
	c->now += 3 * US;
	PUT(c, phase_end, 0, 0, .phase = (uint16_t)phase, .parent = (uint16_t)parent,
	    .tid = c->tid);
	c->now += US;
}

#define BEGIN(c, phase, parent) begin(c, NVS_PHASE_##phase, NVS_PHASE_##parent)
#define END(c, phase, parent)	end(c, NVS_PHASE_##phase, NVS_PHASE_##parent)

static void reg_write(struct clock *c, unsigned int offset, uint64_t value)
{
	PUT(c, reg_write, 0, 0, .offset = offset, .width = 4, .value = value, .tid = c->tid);
	c->s->truth.reg_writes++;
	c->now += US;
}

static void reg_read(struct clock *c, unsigned int offset, uint64_t value)
{
	PUT(c, reg_read, 0, 0, .offset = offset, .width = offset ? 4 : 8, .value = value,
	    .tid = c->tid);
	c->now += US;
}

static void state(struct clock *c, unsigned int from, unsigned int to)
{
	PUT(c, ctrl_state, 0, 0, .old_state = (uint16_t)from, .new_state = (uint16_t)to,
	    .changed = 1);
}

static void wait_ready(struct clock *c, unsigned int parent, uint64_t ns, unsigned int ready)
{
	uint64_t from = c->now;

	begin(c, NVS_PHASE_nvme_wait_ready, parent);
	while (c->now - from < ns) {
		reg_read(c, 0x1c, !ready);
		c->now += MS;
	}
	reg_read(c, 0x1c, ready);
	end(c, NVS_PHASE_nvme_wait_ready, parent);
	if (c->now - from - US > c->s->truth.wait_ready_ns)
		c->s->truth.wait_ready_ns = c->now - from - US;
}

static void admin_command(struct clock *c, unsigned int opcode, uint32_t cdw10, uint32_t cdw11,
			  uint64_t device_ns)
{
	unsigned int n = c->s->truth.admin_commands++, slot = n % 32, cid = n % 16 << 12 | n % 30;

	PUT(c, rq_start, 0, cid, .bytes = 4096, .pid = c->tid, .op = NVS_RQOP_drv_in,
	    .tag = (uint16_t)(n % 30));
	c->now += US;
	PUT(c, cmd_setup, 0, cid, .opcode = (uint16_t)opcode, .cdw10 = cdw10, .cdw11 = cdw11);
	PUT(c, cmd_map, 0, cid, .bytes = 4096, .how = NVS_MAP_prp1, .entries = 1,
	    .dptr1 = SYNTH_MEMORY);
	c->now += US;
	PUT(c, sqe, 0, cid, .slot = (uint16_t)slot);
	PUT(c, sq_doorbell, 0, cid, .old_tail = (uint16_t)slot,
	    .new_tail = (uint16_t)((slot + 1) % 32), .count = 1);
	c->now += device_ns;
	PUT(c, cq_enter, 0, 0, .why = NVS_WHY_CQ_irq, .cq_head = (uint16_t)slot,
	    .phase = !(n / 32 & 1));
	PUT(c, cqe, 0, cid, .slot = (uint16_t)slot, .phase = !(n / 32 & 1),
	    .sq_head = (uint16_t)((slot + 1) % 32), .result = opcode == 0x09 ? cdw11 : 0);
	PUT(c, cq_doorbell, 0, 0, .old_head = (uint16_t)slot,
	    .new_head = (uint16_t)((slot + 1) % 32), .count = 1);
	PUT(c, cq_exit, 0, 0, .why = NVS_WHY_CQ_irq, .found = 1);
	c->now += 2 * US;
	PUT(c, rq_complete, 0, cid, .bytes = 4096);
	PUT(c, cmd_unmap, 0, cid, .bytes = 4096);
}

static void admin(struct clock *c, unsigned int opcode, uint32_t cdw10, uint64_t device_ns)
{
	admin_command(c, opcode, cdw10, 0, device_ns);
}

static void probe(struct clock *c)
{
	c->tid = 900;
	BEGIN(c, nvme_core_init, none);
	c->now += 310 * US;
	END(c, nvme_core_init, none);
	c->now += 41 * MS;
	c->tid = 901;
	BEGIN(c, nvme_init, none);
	BEGIN(c, nvme_probe, nvme_init);
	BEGIN(c, nvme_dev_map, nvme_probe);
	c->now += 95 * US;
	END(c, nvme_dev_map, nvme_probe);
	BEGIN(c, nvme_setup_prp_pools, nvme_probe);
	c->now += 12 * US;
	END(c, nvme_setup_prp_pools, nvme_probe);
	BEGIN(c, nvme_init_ctrl, nvme_probe);
	c->ctrl = 0;
	PUT(c, ctrl_new, 0, 0, .tid = c->tid, .pci_addr = 0x0100, .vendor = 0x1b36,
	    .device = 0x0010);
	c->now += 180 * US;
	END(c, nvme_init_ctrl, nvme_probe);
	BEGIN(c, nvme_reset_ctrl, nvme_probe);
	state(c, NVS_STATE_new, NVS_STATE_resetting);
	END(c, nvme_reset_ctrl, nvme_probe);
	END(c, nvme_probe, nvme_init);
	c->ctrl = NVS_NO_CTRL;
	END(c, nvme_init, none);
	c->ctrl = 0;
}

static void admin_queue(struct clock *c)
{
	BEGIN(c, nvme_pci_enable, nvme_reset_work);
	c->now += 220 * US;
	reg_read(c, 0, SYNTH_CAP);
	END(c, nvme_pci_enable, nvme_reset_work);
	BEGIN(c, nvme_pci_configure_admin_queue, nvme_reset_work);
	BEGIN(c, nvme_disable_ctrl, nvme_pci_configure_admin_queue);
	reg_write(c, 0x14, 0);
	wait_ready(c, NVS_PHASE_nvme_disable_ctrl, 1 * MS, 0);
	END(c, nvme_disable_ctrl, nvme_pci_configure_admin_queue);
	PUT(c, queue_create, 0, 0, .ring = NVS_RING_cq, .depth = 32);
	PUT(c, queue_create, 0, 0, .ring = NVS_RING_sq, .depth = 32);
	reg_write(c, 0x24, 0x1f001f);
	reg_write(c, 0x28, 0x4000);
	reg_write(c, 0x30, 0x5000);
	BEGIN(c, nvme_enable_ctrl, nvme_pci_configure_admin_queue);
	reg_write(c, 0x14, 0x460001);
	wait_ready(c, NVS_PHASE_nvme_enable_ctrl, 18 * MS, 1);
	END(c, nvme_enable_ctrl, nvme_pci_configure_admin_queue);
	END(c, nvme_pci_configure_admin_queue, nvme_reset_work);
}

static void io_queues(struct clock *c, const struct synth_options *o)
{
	uint16_t ring = (uint16_t)o->ring;

	BEGIN(c, nvme_setup_io_queues, nvme_reset_work);
	BEGIN(c, nvme_set_queue_count, nvme_setup_io_queues);
	admin_command(c, 0x09, 7, (o->queues - 1) * 0x10001u, 60 * US);
	END(c, nvme_set_queue_count, nvme_setup_io_queues);
	BEGIN(c, nvme_setup_irqs, nvme_setup_io_queues);
	c->now += 400 * US;
	for (unsigned int i = 0; i <= o->queues; i++)
		PUT(c, irq_setup, i, 0, .irq = 24 + i, .vector = (uint16_t)i, .nr_cpus = 1);
	END(c, nvme_setup_irqs, nvme_setup_io_queues);
	BEGIN(c, nvme_create_io_queues, nvme_setup_io_queues);
	for (unsigned int q = 1; q <= o->queues; q++) {
		admin_command(c, 0x05, q | (ring - 1u) << 16, q << 16 | 3, 80 * US);
		PUT(c, queue_create, q, 0, .ring = NVS_RING_cq, .depth = ring,
		    .vector = (uint16_t)q);
		admin_command(c, 0x01, q | (ring - 1u) << 16, q << 16 | 1, 70 * US);
		PUT(c, queue_create, q, 0, .ring = NVS_RING_sq, .depth = ring);
	}
	END(c, nvme_create_io_queues, nvme_setup_io_queues);
	END(c, nvme_setup_io_queues, nvme_reset_work);
}

static void reset_work(struct clock *c, const struct synth_options *o)
{
	c->tid = 57;
	c->now += 30 * US;
	BEGIN(c, nvme_reset_work, nvme_reset_ctrl);
	admin_queue(c);
	state(c, NVS_STATE_resetting, NVS_STATE_connecting);
	BEGIN(c, nvme_alloc_admin_tags, nvme_reset_work);
	c->now += 140 * US;
	END(c, nvme_alloc_admin_tags, nvme_reset_work);
	BEGIN(c, nvme_init_identify, nvme_reset_work);
	admin(c, 0x06, 1, 900 * US);
	PUT(c, ctrl_limits, 0, 0, .max_bytes = 1 << 20, .mdts = 8, .acl = 3, .aerl = 3);
	admin(c, 0x02, 5, 300 * US);
	END(c, nvme_init_identify, nvme_reset_work);
	io_queues(c, o);
	BEGIN(c, nvme_dev_add, nvme_reset_work);
	c->now += 350 * US;
	END(c, nvme_dev_add, nvme_reset_work);
	BEGIN(c, nvme_start_ctrl, nvme_reset_work);
	state(c, NVS_STATE_connecting, NVS_STATE_live);
	BEGIN(c, nvme_queue_scan, nvme_start_ctrl);
	END(c, nvme_queue_scan, nvme_start_ctrl);
	END(c, nvme_start_ctrl, nvme_reset_work);
	END(c, nvme_reset_work, nvme_reset_ctrl);
}

static void scan_work(struct clock *c)
{
	c->tid = 58;
	c->now += 45 * US;
	BEGIN(c, nvme_scan_work, nvme_queue_scan);
	BEGIN(c, nvme_scan_ns_list, nvme_scan_work);
	admin(c, 0x06, 2, 250 * US);
	for (unsigned int nsid = 1; nsid <= 2; nsid++) {
		BEGIN(c, nvme_validate_ns, nvme_scan_ns_list);
		admin(c, 0x06, 0, 240 * US);
		BEGIN(c, nvme_alloc_ns, nvme_validate_ns);
		c->now += 1400 * US;
		PUT(c, ns_found, 0, 0, .nsid = nsid, .blocks = 1 << 21, .lba_size = 512,
		    .disk = nsid);
		END(c, nvme_alloc_ns, nvme_validate_ns);
		END(c, nvme_validate_ns, nvme_scan_ns_list);
	}
	END(c, nvme_scan_ns_list, nvme_scan_work);
	END(c, nvme_scan_work, nvme_queue_scan);
}

/* One I/O queue on one CPU: submits in batches, keeps @depth at the device. */
struct io {
	struct clock c;
	const struct synth_options *o;
	struct synth_queue_truth *truth;
	unsigned int qid, tail, head, phase, sq_head, at_device, at_driver, submitted;
	uint64_t next_sector;
	struct {
		uint64_t done; /* when the device has; 0: free */
		unsigned int gen;
		struct synth_command is;
	} cmd[256];
};

static uint64_t device_time(struct io *io, uint32_t bytes, bool write)
{
	uint64_t ns = (write ? 24 : 70) * US + bytes / 4;

	ns += rnd(&io->c, 20 * US);
	/* One in a hundred is slow, one in a thousand very slow. */
	if (rnd(&io->c, 100) == 0)
		ns *= 4;
	return rnd(&io->c, 1000) ? ns : ns * 20;
}

/* Three of four begin where the one before ended. */
static uint64_t next_sector(struct io *io, uint32_t bytes)
{
	uint64_t sector = io->next_sector;

	if (io->submitted % 4 == 0)
		sector = (io->submitted + 1) * 2654435761ull % (1 << 20) / 8 * 8;
	io->next_sector = sector + bytes / 512;
	return sector;
}

static struct synth_command *make_command(struct io *io, unsigned int tag, uint32_t bytes,
					  bool write)
{
	struct synth_command *is = &io->cmd[tag].is;
	unsigned int task = io->submitted % (io->o->tasks ? io->o->tasks : 1);

	io->cmd[tag].gen = (io->cmd[tag].gen + 1) % 16;
	*is = (struct synth_command){
		.queued = io->c.now - 500 - io->submitted * 37 % 1000,
		.setup = io->c.now,
		.sector = next_sector(io, bytes),
		.cgroup = 100 + task % 2,
		.bytes = bytes,
		.pid = 4000 + task,
		.qid = (uint16_t)io->qid,
		.cpu = (uint16_t)io->c.cpu,
		.nsid = (uint16_t)(1 + io->qid % 2),
		.cid = (uint16_t)(io->cmd[tag].gen << 12 | tag),
		.depth = (uint16_t)(++io->at_driver),
		.write = write,
	};
	snprintf(is->comm, sizeof(is->comm), "task%u", task);
	return is;
}

static unsigned int submit_one(struct io *io)
{
	static const uint32_t sizes[] = { 4096, 4096, 4096, 16384, 65536, 131072, 1048576 };
	uint32_t bytes = sizes[rnd(&io->c, 7)];
	bool write = rnd(&io->c, 3) == 0;
	const struct synth_command *is;
	unsigned int tag = 0;

	while (io->cmd[tag].done)
		tag++;
	is = make_command(io, tag, bytes, write);
	STEP(io, rq_start, io->qid, is->cid, .queued = is->queued, .sector = is->sector,
	     .bytes = bytes, .nsid = is->nsid, .pid = is->pid,
	     .op = write ? NVS_RQOP_write : NVS_RQOP_read, .tag = (uint16_t)tag);
	io->c.now += 300 + rnd(&io->c, 300);
	STEP(io, cmd_setup, io->qid, is->cid, .opcode = write ? 1 : 2, .nsid = 1);
	io->c.now += 200 + bytes / 64;
	STEP(io, cmd_map, io->qid, is->cid, .bytes = bytes, .entries = (uint16_t)(bytes / 4096),
	     .how = bytes > 8192 ? NVS_MAP_prp_list : NVS_MAP_prp1, .dptr1 = SYNTH_MEMORY,
	     .dptr2 = bytes > 8192 ? SYNTH_MEMORY + 0x1000 : 0, .lists = bytes > 8192);
	io->c.now += 150;
	STEP(io, sqe, io->qid, is->cid, .slot = (uint16_t)io->tail);
	io->tail = (io->tail + 1) % io->o->ring;
	io->cmd[tag].done = io->c.now + device_time(io, bytes, write);
	io->submitted++;
	io->at_device++;
	*(write ? &io->truth->writes : &io->truth->reads) += 1;
	return is->cid;
}

static void submit_batch(struct io *io)
{
	unsigned int old = io->tail, n = 0, cid = 0;

	while (n < io->o->batch && io->submitted < io->o->commands &&
	       io->at_device < io->o->depth) {
		cid = submit_one(io);
		n++;
	}
	if (n > 1)
		STEP(io, batch_submit, io->qid, 0, .count = (uint16_t)n);
	io->c.now += 100;
	STEP(io, sq_doorbell, io->qid, cid, .old_tail = (uint16_t)old,
	     .new_tail = (uint16_t)io->tail, .count = (uint16_t)n);
	for (unsigned int tag = 0; tag < 256; tag++) {
		if (!io->cmd[tag].done || io->cmd[tag].is.bell)
			continue;
		io->cmd[tag].is.bell = io->c.now;
		io->cmd[tag].is.batch = (uint16_t)n;
	}
	io->truth->bells++;
	if (io->at_device > io->truth->peak_depth)
		io->truth->peak_depth = io->at_device;
	io->c.now += 100 + rnd(&io->c, 2 * US);
}

static uint64_t first_done(const struct io *io)
{
	uint64_t first = UINT64_MAX;

	for (unsigned int i = 0; i < 256; i++)
		if (io->cmd[i].done && io->cmd[i].done < first)
			first = io->cmd[i].done;
	return first;
}

static void put_io(struct io *io, const struct synth_command *is)
{
	uint64_t comm[2];

	memcpy(comm, is->comm, sizeof(comm));
	PUT(&io->c, io, io->qid, is->cid, .queued = is->queued, .setup = is->setup,
	    .bell = is->bell, .seen = is->seen, .sector = is->sector, .cgroup = is->cgroup,
	    .comm0 = comm[0], .comm1 = comm[1], .bytes = is->bytes, .nsid = is->nsid,
	    .pid = is->pid, .tgid = is->pid, .op = is->write ? NVS_RQOP_write : NVS_RQOP_read,
	    .opcode = is->write ? 1 : 2, .how = NVS_HOW_DONE_batched, .depth = is->depth,
	    .batch = is->batch, .submit_cpu = is->cpu, .why = NVS_WHY_CQ_irq);
}

static void tell_truth(struct synth_truth *t, const struct synth_command *is)
{
	if (t->nr_commands == t->max_commands) {
		t->max_commands = t->max_commands ? t->max_commands * 2 : 1024;
		t->command = realloc(t->command, t->max_commands * sizeof(*t->command));
		if (!t->command)
			abort();
	}
	t->command[t->nr_commands++] = *is;
}

static void complete(struct io *io, unsigned int tag)
{
	struct synth_command *is = &io->cmd[tag].is;
	uint64_t took;

	is->end = io->c.now;
	if (io->o->io)
		put_io(io, is);
	STEP(io, rq_complete, io->qid, is->cid, .bytes = is->bytes);
	took = is->end - is->queued;
	if (took > io->truth->max_latency)
		io->truth->max_latency = took;
	io->c.now += 120;
	STEP(io, cmd_unmap, io->qid, is->cid, .bytes = is->bytes);
	io->cmd[tag].done = 0;
	io->at_driver--;
	io->truth->commands++;
	tell_truth(&io->c.s->truth, is);
}

/* The interrupt for the first command that is done, and what else is done by then. */
static void interrupt(struct io *io)
{
	unsigned int found[256], n = 0, old = io->head;
	uint64_t first = first_done(io), enter;

	if (io->c.now < first)
		io->c.now = first;
	io->c.now += 2 * US;
	enter = io->c.now;
	STEP(io, cq_enter, io->qid, 0, .cq_head = (uint16_t)io->head, .phase = (uint16_t)io->phase,
	     .vector = (uint16_t)io->qid);
	for (unsigned int tag = 0; tag < 256; tag++) {
		if (!io->cmd[tag].done || io->cmd[tag].done > io->c.now)
			continue;
		io->c.now += 90;
		io->cmd[tag].is.seen = io->o->io ? enter : io->c.now;
		STEP(io, cqe, io->qid, io->cmd[tag].is.cid, .slot = (uint16_t)io->head,
		     .phase = (uint16_t)io->phase, .sq_head = (uint16_t)io->tail);
		io->head = (io->head + 1) % io->o->ring;
		if (io->head == 0)
			io->phase ^= 1;
		io->at_device--;
		found[n++] = tag;
	}
	io->c.now += 100;
	STEP(io, cq_doorbell, io->qid, 0, .old_head = (uint16_t)old, .new_head = (uint16_t)io->head,
	     .count = (uint16_t)n);
	STEP(io, cq_exit, io->qid, 0, .found = (uint16_t)n);
	io->truth->irqs++;
	io->truth->completions += n;
	for (unsigned int i = 0; i < n; i++) {
		io->c.now += 250 + rnd(&io->c, 200);
		complete(io, found[i]);
	}
}

static void run_queue(const struct clock *start, const struct synth_options *o, unsigned int qid)
{
	struct io io = {
		.c = *start, .o = o, .qid = qid, .phase = 1, .truth = &start->s->truth.queue[qid]
	};

	io.c.cpu = qid - 1;
	io.c.random += qid;
	io.c.now += 2 * MS + qid * 700 * US;
	while (io.truth->commands < o->commands) {
		if (io.submitted < o->commands && io.at_device < o->depth)
			submit_batch(&io);
		else
			interrupt(&io);
		if (first_done(&io) <= io.c.now)
			interrupt(&io);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct synth_item *x = a, *y = b;

	if (x->ev.h.ts != y->ev.h.ts)
		return x->ev.h.ts < y->ev.h.ts ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

struct synth *synth_make(const struct synth_options *options)
{
	struct synth_options o = *options;
	struct synth *s = calloc(1, sizeof(*s));
	struct clock c = {
		.s = s, .now = 5000 * MS, .ctrl = NVS_NO_CTRL, .random = 88172645463325252
	};

	if (!s || o.queues > SYNTH_MAX_QUEUES || o.depth > 256)
		abort();
	if (!o.ring)
		o.ring = 64;
	if (!o.no_init && !o.io) {
		probe(&c);
		reset_work(&c, &o);
		scan_work(&c);
	}
	c.ctrl = 0;
	for (unsigned int q = 1; q <= o.queues; q++)
		run_queue(&c, &o, q);
	qsort(s->item, s->nr, sizeof(*s->item), by_time);
	s->level = o.io ? "io" : NULL;
	s->truth.events = s->nr;
	return s;
}

void synth_free(struct synth *s)
{
	free(s->truth.command);
	free(s->item);
	free(s);
}

int synth_write(const struct synth *s, const char *dir, uint64_t lost, struct nvs_error *err)
{
	struct ctf_stream *stream[SYNTH_MAX_QUEUES] = { 0 };
	struct ctf_trace *t = ctf_trace_create(dir, err);

	if (!t)
		return -1;
	ctf_trace_env(t, "provider", s->provider ?: "driver");
	ctf_trace_env(t, "level", s->level ?: "events");
	ctf_trace_env(t, "kernel", "6.12.0-synthetic");
	ctf_trace_env(t, "driver", "nvmescope");
	ctf_trace_env(t, "cgroup_100", "/system.slice/database.service");
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct synth_item *item = &s->item[i];

		if (!stream[item->cpu])
			stream[item->cpu] = ctf_stream_open(t, item->cpu, err);
		if (!stream[item->cpu] ||
		    ctf_stream_add(stream[item->cpu], &item->ev.h, item->size, err) < 0 ||
		    ctf_stream_flush(stream[item->cpu], 0, false, err) < 0)
			return -1;
	}
	for (unsigned int i = 0; i < SYNTH_MAX_QUEUES; i++)
		if (stream[i] && ctf_stream_flush(stream[i], i ? 0 : lost, true, err) < 0)
			return -1;
	return ctf_trace_close(t, err);
}
