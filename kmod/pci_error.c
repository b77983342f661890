// SPDX-License-Identifier: GPL-2.0
/*
 * When the PCI core takes the function away for a while: after an error on the
 * link (Documentation/PCI/pci-error-recovery), and for a reset of the function
 * that somebody asked for.  Meanwhile the controller is held: it is down, its
 * state is resetting, and the requests wait for its return.
 */
#include <linux/delay.h>

#include "pci.h"
#include "trace.h"

static bool begin_hold(struct nvme_ctrl *ctrl)
{
	while (!nvme_ctrl_going(ctrl)) {
		flush_work(&ctrl->reset_work);
		if (nvme_ctrl_state(ctrl) == NVS_STATE_live &&
		    nvme_change_ctrl_state(ctrl, NVS_STATE_resetting))
			return true;
		/* Somebody is about to queue a reset. */
		usleep_range(1000, 2000);
	}
	return false;
}

/**
 * nvme_hold() - no reset is under way or begins until nvme_let_go()
 * @dev: the device
 *
 * Holds nest.  Process context.  Return: 0, or -ENODEV if the controller is being
 * removed or dead; there is nothing to let go then.
 */
int nvme_hold(struct nvme_dev *dev)
{
	int ret = 0;

	mutex_lock(&dev->hold_lock);
	if (!dev->holds && !begin_hold(&dev->ctrl))
		ret = -ENODEV;
	else
		dev->holds++;
	mutex_unlock(&dev->hold_lock);
	return ret;
}

/**
 * nvme_let_go() - end a hold, and with the last one bring the controller up
 * @dev:	the device
 * @why:	for the trace
 *
 * Waits for the bring-up.  Return: 0, or -ENETRESET if it does not come up.
 */
int nvme_let_go(struct nvme_dev *dev, enum nvs_WHY_RESET why)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	bool last;

	mutex_lock(&dev->hold_lock);
	last = dev->holds && !--dev->holds;
	mutex_unlock(&dev->hold_lock);
	if (!last)
		return 0;
	nvme_tell_reset(nvme_ctrl_id(ctrl), 0, 0, why, 0);
	ctrl->reset_cause = nvme_phase_current();
	queue_work(nvme_reset_wq, &ctrl->reset_work);
	flush_work(&ctrl->reset_work);
	return nvme_ctrl_state(ctrl) == NVS_STATE_live ? 0 : -ENETRESET;
}

/**
 * nvme_give_up_work() - the PCI core does not come back to a held controller
 * @work: dev->give_up_work
 *
 * If the recovery of the link fails, the driver is not told, and requests would wait
 * for good.
 */
void nvme_give_up_work(struct work_struct *work)
{
	struct nvme_dev *dev = container_of(to_delayed_work(work), struct nvme_dev, give_up_work);
	struct nvme_phase phase;

	nvme_phase_begin_work(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_give_up,
			      NVS_PHASE_nvme_error_detected);
	nvme_remove_dead_ctrl(dev, -ETIMEDOUT);
	nvme_phase_end(&phase, 0);
}

/* A bring-up that the error hits cannot end well, and must end before a hold. */
static void end_bring_up(struct nvme_dev *dev)
{
	if (nvme_ctrl_state(&dev->ctrl) == NVS_STATE_connecting &&
	    nvme_change_ctrl_state(&dev->ctrl, NVS_STATE_deleting))
		nvme_dev_disable(dev, false);
}

static pci_ers_result_t take_down(struct nvme_dev *dev)
{
	end_bring_up(dev);
	/* A second error before the end of the first one's recovery. */
	if (!dev->error_hold && nvme_hold(dev))
		return PCI_ERS_RESULT_DISCONNECT;
	dev->error_hold = true;
	nvme_dev_disable(dev, false);
	mod_delayed_work(nvme_wq, &dev->give_up_work, 2 * nvme_admin_timeout * HZ);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t error_detected(struct nvme_dev *dev, pci_channel_state_t state)
{
	switch (state) {
	case pci_channel_io_normal:
		dev_warn(dev->ctrl.dev, "a PCI error that stops nothing\n");
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		dev_warn(dev->ctrl.dev, "a PCI error: held until the link is reset\n");
		return take_down(dev);
	default:
		dev_warn(dev->ctrl.dev, "a PCI error without recovery\n");
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

static pci_ers_result_t nvme_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;
	pci_ers_result_t result;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_error_detected);
	result = error_detected(dev, state);
	nvme_phase_end(&phase, result == PCI_ERS_RESULT_DISCONNECT ? -ENODEV : 0);
	return result;
}

/* The link works again, but the function has forgotten its configuration. */
static pci_ers_result_t nvme_slot_reset(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_slot_reset);
	pci_restore_state(pdev);
	pci_save_state(pdev);
	/* The error was another function's, and could go on here, but the reset hit all. */
	if (!dev->error_hold)
		take_down(dev);
	nvme_phase_end(&phase, 0);
	return PCI_ERS_RESULT_RECOVERED;
}

static void nvme_error_resume(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;
	int ret = 0;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_error_resume);
	if (dev->error_hold) {
		cancel_delayed_work_sync(&dev->give_up_work);
		dev->error_hold = false;
		ret = nvme_let_go(dev, NVS_WHY_RESET_pci_error);
	}
	nvme_phase_end(&phase, ret);
}

static void nvme_reset_prepare(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_reset_prepare);
	ret = nvme_hold(dev);
	if (!ret) {
		dev->flr_hold = true;
		nvme_dev_disable(dev, false);
	}
	nvme_phase_end(&phase, ret);
}

static void nvme_reset_done(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;
	int ret = 0;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_reset_done);
	if (dev->flr_hold) {
		dev->flr_hold = false;
		ret = nvme_let_go(dev, NVS_WHY_RESET_flr);
	}
	nvme_phase_end(&phase, ret);
}

const struct pci_error_handlers nvme_error_handlers = {
	.error_detected	= nvme_error_detected,
	.slot_reset	= nvme_slot_reset,
	.resume		= nvme_error_resume,
	.reset_prepare	= nvme_reset_prepare,
	.reset_done	= nvme_reset_done,
};
