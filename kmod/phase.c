// SPDX-License-Identifier: GPL-2.0
/*
 * Phases: begin and end of each step of initialisation and teardown, with the
 * step that it is part of.
 *
 * The same function runs inside different ones (nvme_dev_disable() in a reset, a
 * timeout, a removal), so the parent is looked up, not written down: it is the
 * innermost phase that this thread has open.  Phases are few and slow; a list
 * under a lock does.
 */
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "core.h"
#include "trace.h"

static LIST_HEAD(open_phases);		/* innermost first */
static DEFINE_SPINLOCK(open_phases_lock);

static struct nvme_phase *innermost(struct task_struct *task)
{
	struct nvme_phase *ph;

	list_for_each_entry(ph, &open_phases, node)
		if (ph->task == task)
			return ph;
	return NULL;
}

/* The phase that the calling thread is in, NVS_PHASE_none if in none. */
u16 nvme_phase_current(void)
{
	struct nvme_phase *ph;
	u16 phase;

	spin_lock(&open_phases_lock);
	ph = innermost(current);
	phase = ph ? ph->phase : NVS_PHASE_none;
	spin_unlock(&open_phases_lock);
	return phase;
}
EXPORT_SYMBOL_GPL(nvme_phase_current);

/**
 * nvme_phase_begin_work() - begin a phase that runs as a work item
 * @ph:		the caller's, on its stack until nvme_phase_end()
 * @ctrl:	controller instance, or NVS_NO_CTRL
 * @phase:	enum nvs_PHASE
 * @queued_by:	the phase that queued the work, its parent if it has no other
 *
 * Process context.
 */
void nvme_phase_begin_work(struct nvme_phase *ph, u16 ctrl, u16 phase, u16 queued_by)
{
	struct nvme_phase *outer;

	ph->task = current;
	ph->ctrl = ctrl;
	ph->phase = phase;

	spin_lock(&open_phases_lock);
	outer = innermost(current);
	ph->parent = outer ? outer->phase : queued_by;
	list_add(&ph->node, &open_phases);
	spin_unlock(&open_phases_lock);

	nvme_tell_phase_begin(ctrl, 0, 0, phase, ph->parent, current->pid);
}
EXPORT_SYMBOL_GPL(nvme_phase_begin_work);

/**
 * nvme_phase_begin() - begin a phase in the calling thread
 * @ph:		the caller's, on its stack until nvme_phase_end()
 * @ctrl:	controller instance, or NVS_NO_CTRL
 * @phase:	enum nvs_PHASE
 */
void nvme_phase_begin(struct nvme_phase *ph, u16 ctrl, u16 phase)
{
	nvme_phase_begin_work(ph, ctrl, phase, NVS_PHASE_none);
}
EXPORT_SYMBOL_GPL(nvme_phase_begin);

/**
 * nvme_phase_end() - end a phase
 * @ph:		the phase
 * @result:	0 or a negative errno
 *
 * Return: @result, so that a function can end with its phase.
 */
int nvme_phase_end(struct nvme_phase *ph, int result)
{
	nvme_tell_phase_end(ph->ctrl, 0, 0, ph->phase, ph->parent, current->pid, result);

	spin_lock(&open_phases_lock);
	list_del(&ph->node);
	spin_unlock(&open_phases_lock);
	return result;
}
EXPORT_SYMBOL_GPL(nvme_phase_end);
