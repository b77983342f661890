/* SPDX-License-Identifier: GPL-2.0 */
/* How programs of the stock provider read the kernel's structures, and fill an event's header. */
#ifndef NVS_STOCK_READ_H
#define NVS_STOCK_READ_H

#include "again.h"
#include "stock.h"
#include "ring.h"

/* Controller and queue, where an event's header has them */
#define OWNER(ctrl, qid) ((__u64)(__u16)(ctrl) << 16 | (__u64)(__u16)(qid) << 32)
#define CTRL_OF(who)	 ((__u16)((who) >> 16))
#define QID_OF(who)	 ((__u16)((who) >> 32))

/* @who: as OWNER() */
static __always_inline void stamp(struct nvs_hdr *h, __u16 id, __u64 ts, __u64 who, __u64 cid)
{
	_Static_assert(__builtin_offsetof(struct nvs_hdr, cid) == 14, "one word of them");
	h->ts = ts;
	*(__u64 *)&h->id = who | cid << 48 | id;
}

/*
 * Kernels from 6.2 on let a program read any address as if it were a structure's, by loads in
 * place of a call: a tenth of the instructions.  Asked of its types: a constant to the verifier,
 * for one instruction, where one of ours took two.
 */
enum special_kfunc_type { KF_bpf_rdonly_cast, KF_bpf_local_irq_save };
#define direct_reads bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast)
void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

/*
 * From 7.0 on a program can be preempted, and the kernel runs none within itself: what the next
 * task on that CPU has to tell would be missed.  The type came with tracepoints that leave
 * preemption on (tools/record_stock.c asks the same).
 */
typedef struct {
	int idx;
} class_srcu_fast_notrace_t;
#define preemptible bpf_core_type_exists(class_srcu_fast_notrace_t)
void bpf_preempt_disable(void) __ksym __weak;
void bpf_preempt_enable(void) __ksym __weak;
void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;

/*
 * @call, a program's work, with preemption off.  A task whose time is over by then would be
 * exchanged as soon as it is on again, still within the program; but not while interrupts are off.
 * Written twice, so that it is asked for once.
 */
#define UNDISTURBED(call)                                \
	({                                               \
		unsigned long __flags;                   \
		int __result;                            \
                                                         \
		if (preemptible) {                       \
			bpf_preempt_disable();           \
			__result = (call);               \
			bpf_local_irq_save(&__flags);    \
			bpf_preempt_enable();            \
			bpf_local_irq_restore(&__flags); \
		} else {                                 \
			__result = (call);               \
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

/* Does a field of a structure that is there lie within them?  x86 has the fewest: 168 bytes. */
#define IS_NUMBERS(type, field) (bpf_core_field_offset(type, field) <= 160)

/* Reads up to 8 bytes into @to, a variable. */
#define READ_AT(to, address)                                                          \
	do {                                                                          \
		if (direct_reads) {                                                   \
			(to) = *(typeof(to) *)AS_NUMBERS(address);                    \
		} else {                                                              \
			typeof(to) __r = 0;                                           \
                                                                                      \
			bpf_probe_read_kernel(&__r, sizeof(__r), (void *)(address));  \
			(to) = __r;                                                   \
		}                                                                     \
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
		typeof(((type *)0)->field) __v;                               \
		READ_AT(__v, (address) + bpf_core_field_offset(type, field)); \
		__v;                                                          \
	})

/*
 * A pointer to void as a number.  Later kernels (7.2) take what is loaded from such a field for a
 * pointer, which cannot be reckoned with; these have this enumerator, and it is older.
 */
#define may_be_pointers bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_local_irq_save)
#define ADDRESS_IN(pointer, type, field)                                                     \
	({                                                                                   \
		__u64 __a;                                                                   \
		if (may_be_pointers)                                                         \
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

/* Where they are, as a rule: then it is seen at once that a request did well, and which it was. */
#define END_USUAL_BASE 16u
#define END_USUAL                                                                       \
	(bpf_core_field_exists(((struct nvme_request *)0)->genctr) &&                   \
	 bpf_core_field_offset(struct nvme_request, genctr) == END_USUAL_BASE &&        \
	 bpf_core_field_offset(struct nvme_request, flags) == END_USUAL_BASE + 2 &&     \
	 bpf_core_field_offset(struct nvme_request, status) == END_USUAL_BASE + 4)
#define END_GENCTR 0xff
#define END_ODD	   (0xffffull << 32 | (__u64)NVME_REQ_CANCELLED << 16)

/*
 * At the beginning of what this kernel does not need: else the compiler joins it to what it does,
 * and the verifier, which takes out what is never come to, leaves in that it is asked for.
 */
#define APART() asm volatile("r0 = 0" ::: "r0")

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
