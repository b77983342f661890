// SPDX-License-Identifier: GPL-2.0
/*
 * Sleep, and the end.  The device is shut down for both, so that it may lose its
 * power; waking up is a reset.
 */
#include <linux/pm.h>

#include "pci.h"
#include "trace.h"

/*
 * No request may be in flight while the system sleeps: CPUs are taken offline
 * for that, which waits for requests on their queues, and those would wait for
 * the device to wake up.
 */
static int drain(struct nvme_ctrl *ctrl)
{
	/* A scan may freeze queues itself, and reads partitions. */
	flush_work(&ctrl->scan_work);
	nvme_start_freeze(ctrl);
	if (nvme_wait_freeze_timeout(ctrl, nvme_io_timeout * HZ))
		return 0;
	dev_warn(ctrl->dev, "I/O does not end within %u s, so it cannot sleep\n", nvme_io_timeout);
	nvme_unfreeze(ctrl);
	return -EBUSY;
}

static int suspend(struct nvme_dev *dev)
{
	int ret;

	/* Nothing is up that could be taken down. */
	if (nvme_ctrl_going(&dev->ctrl))
		return 0;
	ret = drain(&dev->ctrl);
	if (ret)
		return ret;
	dev->asleep = true;
	if (nvme_hold(dev))
		return 0;
	dev->sleep_hold = true;
	nvme_dev_disable(dev, true);
	return 0;
}

static int nvme_suspend(struct device *device)
{
	struct nvme_dev *dev = dev_get_drvdata(device);
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_suspend);
	return nvme_phase_end(&phase, suspend(dev));
}

static int resume(struct nvme_dev *dev)
{
	int ret = 0;

	if (dev->sleep_hold) {
		dev->sleep_hold = false;
		ret = nvme_let_go(dev, NVS_WHY_RESET_resume);
	}
	/* A controller that did not come up fails what waited. */
	if (dev->asleep)
		nvme_unfreeze(&dev->ctrl);
	dev->asleep = false;
	return ret;
}

static int nvme_resume(struct device *device)
{
	struct nvme_dev *dev = dev_get_drvdata(device);
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_resume);
	nvme_phase_end(&phase, resume(dev));
	/* The system is to wake up, whatever became of this disk. */
	return 0;
}

const struct dev_pm_ops nvme_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(nvme_suspend, nvme_resume)
};

/* Power off, reboot, kexec: no reset may bring it up again. */
void nvme_shutdown(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_shutdown);
	nvme_hold(dev);
	nvme_dev_disable(dev, true);
	nvme_phase_end(&phase, 0);
}
