/* SPDX-License-Identifier: GPL-2.0 */
/* How programs of the stock provider read the kernel's structures, and fill an event's header. */
#ifndef NVS_STOCK_READ_H
#define NVS_STOCK_READ_H

#include "again.h"
#include "stock.h"
#include "ring.h"

static __always_inline void stamp(struct nvs_hdr *h, __u16 id, __u64 ts, __u16 ctrl, __u16 qid,
				  __u16 cid)
{
	h->ts = ts;
	h->id = id;
	h->ctrl = ctrl;
	h->qid = qid;
	h->cid = cid;
}

/*
 * Kernels from 6.2 on let a program read any address as if it were a structure's, by loads in
 * place of a call: a tenth of the instructions.  The recorder says whether this kernel does.
 */
const volatile bool direct_reads = false;
void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

/*
 * From 7.0 on a program can be preempted, and the kernel runs none within itself: what the next
 * task on that CPU has to tell would be missed.  The recorder says whether it is such a kernel.
 */
const volatile bool preemptible = false;
void bpf_preempt_disable(void) __ksym __weak;
void bpf_preempt_enable(void) __ksym __weak;
void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;

/*
 * @call, a program's work, with preemption off.  A task whose time is over by then would be
 * exchanged as soon as it is on again, still within the program; but not while interrupts are off.
 */
#define UNDISTURBED(call)                                \
	({                                               \
		unsigned long __flags;                   \
		int __result;                            \
                                                         \
		if (preemptible)                         \
			bpf_preempt_disable();           \
		__result = (call);                       \
		if (preemptible) {                       \
			bpf_local_irq_save(&__flags);    \
			bpf_preempt_enable();            \
			bpf_local_irq_restore(&__flags); \
		}                                        \
		__result;                                \
	})

/* Steps that the second of two programs told, for the first was not run: by enum again. */
__u64 caught_up[NR_AGAIN] = {};

/* Any structure of the kernel's that begins with 64 bytes of numbers will do. */
struct pt_regs {
	unsigned long r15;
} __attribute__((preserve_access_index));

#define AS_NUMBERS(address) \
	bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(struct pt_regs))

/* Reads up to 8 bytes into @to, a variable. */
#define READ_AT(to, address)                                                         \
	do {                                                                         \
		if (direct_reads)                                                    \
			(to) = *(typeof(to) *)AS_NUMBERS(address);                   \
		else                                                                 \
			bpf_probe_read_kernel(&(to), sizeof(to), (void *)(address)); \
	} while (0)

/* Reads @bytes (a constant, a multiple of 8, 64 at most) to @to. */
static __always_inline void read_words(void *to, __u64 address, __u32 bytes)
{
	__u64 *words = to, *from;

	if (!direct_reads) {
		bpf_probe_read_kernel(to, bytes, (void *)address);
		return;
	}
	from = AS_NUMBERS(address);
#pragma unroll
	for (__u32 i = 0; i < bytes / 8; i++)
		words[i] = from[i];
}

/* A field of a structure that is known by its address alone. */
#define FIELD_AT(address, type, field)                                        \
	({                                                                    \
		typeof(((type *)0)->field) __v = 0;                           \
		READ_AT(__v, (address) + bpf_core_field_offset(type, field)); \
		__v;                                                          \
	})

/*
 * A pointer to void as a number.  Later kernels take what is loaded from such a field for a
 * pointer, which cannot be reckoned with.
 */
#define ADDRESS_IN(pointer, type, field)                                                     \
	({                                                                                   \
		__u64 __a = 0;                                                               \
		if (direct_reads)                                                            \
			READ_AT(__a, (__u64)(pointer) + bpf_core_field_offset(type, field)); \
		else                                                                         \
			__a = (__u64)(pointer)->field;                                       \
		__a;                                                                         \
	})

/* A typed pointer as a number, which the verifier lets go anywhere. */
static __always_inline __u64 address_of(const void *pointer)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

/* What of struct nvme_request tells of the end lies within eight bytes, read at once. */
#define END_BASE       (bpf_core_field_offset(struct nvme_request, status) & ~7u)
#define END_PLACE(f)   ((bpf_core_field_offset(struct nvme_request, f) - END_BASE) & 7)
#define END_BYTE(w, f) ((w) >> 8 * END_PLACE(f) & 0xff)
#define END_WORD(w, f) ((w) >> 8 * END_PLACE(f) & 0xffff)

/* The minor number of a controller's character device is its number: the 0 of nvme0. */
#define MINOR_BITS 0xfffff

/* Which controller and queue is it?  qid 0 is the admin queue, which has no disk. */
static __always_inline __u32 ctrl_of(struct request_queue *q, struct request *rq)
{
	struct gendisk *disk = q->disk;
	__u64 ctrl;

	if (disk)
		return disk->part0->bd_device.parent->devt & MINOR_BITS;
	if (!rq)
		return NVS_NO_CTRL;
	ctrl = (__u64)FIELD_AT((__u64)rq + bpf_core_type_size(struct request), struct nvme_request,
			       ctrl);
	return FIELD_AT(ctrl, struct nvme_ctrl, instance);
}

#endif
