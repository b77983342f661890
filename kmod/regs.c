// SPDX-License-Identifier: GPL-2.0
/*
 * The two registers that start and stop a controller: CC (3.1.3.5) and CSTS
 * (3.1.3.6).
 */
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "core.h"
#include "trace.h"

/*
 * CAP.TO: the longest time, in 500 ms units, for CSTS.RDY to follow CC.EN.  The
 * same clock bounds CSTS.RDY going to 1 and to 0 (3.1.3.1).
 */
static unsigned long ready_deadline(struct nvme_ctrl *ctrl)
{
	return jiffies + msecs_to_jiffies((NVME_CAP_TIMEOUT(ctrl->cap) + 1) * 500);
}

/* Reads CSTS until (CSTS & @mask) == @want or @deadline.  0 or -errno. */
static int poll_csts(struct nvme_ctrl *ctrl, u32 mask, u32 want, unsigned long deadline)
{
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
		if (fatal_signal_pending(current))
			return -EINTR;
		if (late)
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
}

static int nvme_wait_ready(struct nvme_ctrl *ctrl, u32 mask, u32 want, unsigned long deadline)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_wait_ready);
	ret = poll_csts(ctrl, mask, want, deadline);
	if (ret == -ETIMEDOUT)
		dev_err(ctrl->dev, "CSTS & %#x did not become %#x in time (CAP.TO is %llu x 500 ms)\n",
			mask, want, NVME_CAP_TIMEOUT(ctrl->cap));
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
	if (!ret)
		ret = nvme_wait_ready(ctrl, NVME_CSTS_RDY, 0, ready_deadline(ctrl));
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_disable_ctrl);

/* CC.CSS: all command sets if the controller knows them, else NVM (3.1.3.5). */
static u32 command_set(u64 cap)
{
	return NVME_CAP_CSS(cap) & NVME_CAP_CSS_CSI ? NVME_CC_CSS_CSI : NVME_CC_CSS_NVM;
}

static int configure_and_enable(struct nvme_ctrl *ctrl)
{
	int ret = ctrl->ops->reg_read64(ctrl, NVME_REG_CAP, &ctrl->cap);

	if (ret)
		return ret;
	if (NVME_CAP_MPSMIN(ctrl->cap) > NVME_CTRL_PAGE_SHIFT - 12) {
		dev_err(ctrl->dev, "needs memory pages of at least %u bytes, this driver has %u\n",
			1u << (12 + NVME_CAP_MPSMIN(ctrl->cap)), NVME_CTRL_PAGE_SIZE);
		return -ENODEV;
	}

	/* Everything but EN first: CC's other fields may not change with EN set. */
	ctrl->ctrl_config = command_set(ctrl->cap) |
			    (NVME_CTRL_PAGE_SHIFT - 12) << NVME_CC_MPS_SHIFT |
			    NVME_CC_AMS_RR | NVME_CC_SHN_NONE |
			    NVME_CC_IOSQES | NVME_CC_IOCQES;
	ret = write_cc(ctrl);
	if (ret)
		return ret;

	/* CC.CSS and CC.CRIME may change what CAP says of timeouts: read again. */
	ret = ctrl->ops->reg_read64(ctrl, NVME_REG_CAP, &ctrl->cap);
	if (ret)
		return ret;

	ctrl->ctrl_config |= NVME_CC_ENABLE;
	ret = write_cc(ctrl);
	if (ret)
		return ret;
	return nvme_wait_ready(ctrl, NVME_CSTS_RDY, NVME_CSTS_RDY, ready_deadline(ctrl));
}

/**
 * nvme_enable_ctrl() - configure CC, set CC.EN, wait for CSTS.RDY = 1
 * @ctrl: the controller, disabled, with AQA, ASQ and ACQ written
 *
 * Steps 4 to 6 of 3.5.1.  Return: 0, -ENODEV, -ETIMEDOUT or -EINTR.
 */
int nvme_enable_ctrl(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_enable_ctrl);
	return nvme_phase_end(&phase, configure_and_enable(ctrl));
}
EXPORT_SYMBOL_GPL(nvme_enable_ctrl);

/* Shutdown may take RTD3E (us), if the controller states one; 5 s at least. */
static unsigned long shutdown_deadline(struct nvme_ctrl *ctrl)
{
	unsigned int ms = clamp(ctrl->rtd3e / 1000, 5000u, 60000u);

	return jiffies + msecs_to_jiffies(ms);
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
				      shutdown_deadline(ctrl));
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_shutdown_ctrl);
