// SPDX-License-Identifier: GPL-2.0
/*
 * The two registers that start and stop a controller: CC (3.1.3.5) and CSTS
 * (3.1.3.6).
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>

#include "core.h"
#include "trace.h"

static unsigned int shutdown_timeout = 5;
module_param_cb(shutdown_timeout, &nvme_seconds_ops, &shutdown_timeout, 0644);
MODULE_PARM_DESC(shutdown_timeout, "how long a shutdown may take at least (s)");

/* For devices that fail when CSTS is read too soon after CC was written. */
#define QUIRK_DELAY_MS		2500

/*
 * A controller that declares itself broken while it starts is given up after
 * this long: until then the word may be from before its reset.
 */
#define FATAL_STATUS_GRACE_MS	500

/*
 * CAP.TO: the longest time, in 500 ms units, for CSTS.RDY to follow CC.EN.  The
 * same clock bounds CSTS.RDY going to 1 and to 0 (3.1.3.1).
 */
static unsigned int reset_ms(struct nvme_ctrl *ctrl)
{
	return (NVME_CAP_TIMEOUT(ctrl->cap) + 1) * 500;
}

/*
 * The time to get ready does not fit CAP.TO in newer controllers, which have a
 * register for it: CRTO, with one half for each of the ways to get ready that
 * CAP.CRMS names and CC.CRIME chooses between.  Some say less there than in
 * CAP.TO, though: the longer counts.
 */
static int ready_ms(struct nvme_ctrl *ctrl, unsigned int *ms)
{
	u32 crto;
	int ret;

	*ms = reset_ms(ctrl);
	if (!(ctrl->cap & NVME_CAP_CRMS_CRWMS))
		return 0;
	ret = ctrl->ops->reg_read32(ctrl, NVME_REG_CRTO, &crto);
	if (ret)
		return ret;
	ctrl->media_ms = NVME_CRTO_CRWMT(crto) * 500;
	*ms = max_t(unsigned int, *ms, 500 * (ctrl->ctrl_config & NVME_CC_CRIME ?
					      NVME_CRTO_CRIMT(crto) : NVME_CRTO_CRWMT(crto)));
	return 0;
}

/**
 * nvme_read_cap() - read CAP into ctrl->cap
 * @ctrl: the controller
 *
 * All ones are nobody's capabilities: the device is gone, or was for one of the two
 * halves.  Return: 0 or -ENODEV, with ctrl->cap as it was.
 */
int nvme_read_cap(struct nvme_ctrl *ctrl)
{
	u64 cap;
	int ret = ctrl->ops->reg_read64(ctrl, NVME_REG_CAP, &cap);

	if (ret)
		return ret;
	if (lower_32_bits(cap) == ~0u || upper_32_bits(cap) == ~0u)
		return -ENODEV;
	ctrl->cap = cap;
	return 0;
}
EXPORT_SYMBOL_GPL(nvme_read_cap);

/* Reads CSTS until (CSTS & @mask) == @want, for @ms at most.  0 or -errno. */
static int poll_csts(struct nvme_ctrl *ctrl, u32 mask, u32 want, unsigned int ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(ms);
	unsigned long believe = jiffies + msecs_to_jiffies(FATAL_STATUS_GRACE_MS);
	bool late;
	u32 csts;
	int ret;

	for (;;) {
		/* Before the read: a last look must follow the last wait. */
		late = time_after(jiffies, deadline);
		ret = ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &csts);
		if (ret)
			return ret;
		if (csts == ~0)
			return -ENODEV;	/* nobody answers: the device is gone */
		if ((csts & mask) == want)
			return 0;
		if (want == NVME_CSTS_RDY && csts & NVME_CSTS_CFS && time_after(jiffies, believe))
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (late)
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
}

static int nvme_wait_ready(struct nvme_ctrl *ctrl, u32 mask, u32 want, unsigned int ms)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_wait_ready);
	ret = poll_csts(ctrl, mask, want, ms);
	if (ret == -ETIMEDOUT)
		dev_err(ctrl->dev, "CSTS & %#x did not become %#x within %u ms\n", mask, want, ms);
	if (ret == -EIO)
		dev_err(ctrl->dev, "fatal status (CSTS.CFS) instead of getting ready\n");
	return nvme_phase_end(&phase, ret);
}

static int write_cc(struct nvme_ctrl *ctrl)
{
	return ctrl->ops->reg_write32(ctrl, NVME_REG_CC, ctrl->ctrl_config);
}

/**
 * nvme_disable_ctrl() - clear CC.EN and wait for CSTS.RDY = 0 (3.5.1, step 1)
 * @ctrl: the controller; its cap must have been read
 *
 * This is a Controller Reset: I/O queues and outstanding commands are gone
 * afterwards (3.7.2).  Return: 0, -ENODEV, -ETIMEDOUT or -EINTR.
 */
int nvme_disable_ctrl(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_disable_ctrl);
	ctrl->ctrl_config &= ~(NVME_CC_ENABLE | NVME_CC_SHN_MASK);
	ret = write_cc(ctrl);
	if (!ret && ctrl->quirks & NVME_QUIRK_DELAY_BEFORE_CHK_RDY)
		msleep(QUIRK_DELAY_MS);
	if (!ret)
		ret = nvme_wait_ready(ctrl, NVME_CSTS_RDY, 0, reset_ms(ctrl));
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_disable_ctrl);

/* CC.CSS: all command sets if the controller knows them, else NVM (3.1.3.5). */
static u32 command_set(u64 cap)
{
	return NVME_CAP_CSS(cap) & NVME_CAP_CSS_CSI ? NVME_CC_CSS_CSI : NVME_CC_CSS_NVM;
}

/*
 * CC.CRIME: ready as soon as commands are taken that need no media.  Namespaces
 * come later (nvme_wait_ns_ready()), so that one slow medium holds up only itself.
 */
static u32 ready_mode(u64 cap)
{
	return cap & NVME_CAP_CRMS_CRWMS && cap & NVME_CAP_CRMS_CRIMS ? NVME_CC_CRIME : 0;
}

static int configure_and_enable(struct nvme_ctrl *ctrl)
{
	int ret = nvme_read_cap(ctrl);
	unsigned int ms;

	if (ret)
		return ret;
	if (!(NVME_CAP_CSS(ctrl->cap) & (NVME_CAP_CSS_NVM | NVME_CAP_CSS_CSI)))
		dev_warn(ctrl->dev, "CAP.CSS %#llx names no I/O command set\n",
			 NVME_CAP_CSS(ctrl->cap));
	if (NVME_CAP_MPSMIN(ctrl->cap) > NVME_CTRL_PAGE_SHIFT - 12) {
		dev_err(ctrl->dev, "needs memory pages of at least %u bytes, this driver has %u\n",
			1u << (12 + NVME_CAP_MPSMIN(ctrl->cap)), NVME_CTRL_PAGE_SIZE);
		return -ENODEV;
	}

	/* Everything but EN first: CC's other fields may not change with EN set. */
	ctrl->ctrl_config = command_set(ctrl->cap) | ready_mode(ctrl->cap) |
			    (NVME_CTRL_PAGE_SHIFT - 12) << NVME_CC_MPS_SHIFT |
			    NVME_CC_AMS_RR | NVME_CC_SHN_NONE |
			    NVME_CC_IOSQES | NVME_CC_IOCQES;
	ret = write_cc(ctrl);
	if (ret)
		return ret;

	/* CC.CSS and CC.CRIME may change what CAP says of timeouts: read again. */
	ret = nvme_read_cap(ctrl);
	if (ret)
		return ret;

	ret = ready_ms(ctrl, &ms);
	if (ret)
		return ret;

	ctrl->ctrl_config |= NVME_CC_ENABLE;
	ret = write_cc(ctrl);
	if (ret)
		return ret;
	return nvme_wait_ready(ctrl, NVME_CSTS_RDY, NVME_CSTS_RDY, ms);
}

/**
 * nvme_enable_ctrl() - configure CC, set CC.EN, wait for CSTS.RDY = 1
 * @ctrl: the controller, disabled, with AQA, ASQ and ACQ written
 *
 * Steps 4 to 6 of 3.5.1.  Return: 0, -ENODEV, -ETIMEDOUT, -EIO or -EINTR.
 */
int nvme_enable_ctrl(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_enable_ctrl);
	return nvme_phase_end(&phase, configure_and_enable(ctrl));
}
EXPORT_SYMBOL_GPL(nvme_enable_ctrl);

/* Shutdown may take RTD3E (us), if the controller states one; a minute at most. */
static unsigned int shutdown_ms(struct nvme_ctrl *ctrl)
{
	return max(shutdown_timeout * 1000, min(ctrl->rtd3e / 1000, 60000u));
}

/**
 * nvme_shutdown_ctrl() - normal shutdown: CC.SHN, wait for CSTS.SHST (3.6.1)
 * @ctrl: the controller, its I/O queues deleted
 *
 * Return: 0, -ENODEV, -ETIMEDOUT or -EINTR.
 */
int nvme_shutdown_ctrl(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_shutdown_ctrl);
	ctrl->ctrl_config &= ~NVME_CC_SHN_MASK;
	ctrl->ctrl_config |= NVME_CC_SHN_NORMAL;
	ret = write_cc(ctrl);
	if (!ret)
		ret = nvme_wait_ready(ctrl, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT,
				      shutdown_ms(ctrl));
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_shutdown_ctrl);
