// SPDX-License-Identifier: GPL-2.0
/*
 * Temperatures of the SMART / Health log (5.16.1.3) and their thresholds (5.27.1.3)
 * as a hwmon device, which sensors(1) reads.
 */
#include <linux/hwmon.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/units.h>

#include "core.h"
#include "trace.h"

#define SENSORS		8	/* after the composite temperature, channel 0 */

struct nvme_hwmon {
	struct nvme_ctrl *ctrl;
	struct device *dev;
	struct mutex lock;		/* of log */
	unsigned long read_at;		/* jiffies, when log was last read */
	struct nvme_smart_log log;
};

/* One command a second at most: whoever may read a file must not load the device. */
static int refresh(struct nvme_hwmon *hw)
{
	int ret;

	if (hw->read_at && time_before(jiffies, hw->read_at + HZ))
		return 0;
	ret = nvme_get_log(hw->ctrl, NVME_NSID_ALL, NVME_LOG_SMART, &hw->log, sizeof(hw->log));
	if (!ret)
		hw->read_at = jiffies;
	return ret;
}

/* The log counts in kelvins. */
static unsigned int kelvins(const struct nvme_hwmon *hw, int channel)
{
	if (channel)
		return le16_to_cpu(hw->log.temp_sensor[channel - 1]);
	return hw->log.temperature[0] | hw->log.temperature[1] << 8;
}

/* DW11 of the threshold of a channel: THSEL in bits 19:16, under or over in 21:20. */
static u32 threshold(int channel, bool under)
{
	return channel << NVME_TEMP_THRESH_SELECT_SHIFT | (under ? NVME_TEMP_THRESH_TYPE_UNDER : 0);
}

static int status_to_errno(int status)
{
	return status > 0 ? -EIO : status;
}

static int get_threshold(struct nvme_ctrl *ctrl, int channel, bool under, long *millicelsius)
{
	struct nvme_command cmd = {
		.features = {
			.opcode	 = nvme_admin_get_features,
			.fid	 = cpu_to_le32(NVME_FEAT_TEMP_THRESH),
			.dword11 = cpu_to_le32(threshold(channel, under)),
		},
	};
	union nvme_result result;
	int ret = nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, NULL, 0, &result);

	if (ret)
		return status_to_errno(ret);
	*millicelsius = kelvin_to_millicelsius(le32_to_cpu(result.u32) & NVME_TEMP_THRESH_MASK);
	return 0;
}

static int set_threshold(struct nvme_ctrl *ctrl, int channel, bool under, long millicelsius)
{
	long kelvin = millicelsius_to_kelvin(clamp_t(long, millicelsius, -273150, 65000000));

	kelvin = clamp_t(long, kelvin, 0, NVME_TEMP_THRESH_MASK);
	return status_to_errno(nvme_set_features(ctrl, NVME_FEAT_TEMP_THRESH,
						 threshold(channel, under) | kelvin, NULL));
}

static int read_log_value(struct nvme_hwmon *hw, u32 attr, int channel, long *value)
{
	int ret;

	mutex_lock(&hw->lock);
	ret = refresh(hw);
	if (!ret && attr == hwmon_temp_input)
		*value = kelvin_to_millicelsius(kelvins(hw, channel));
	else if (!ret)
		*value = !!(hw->log.critical_warning & NVME_SMART_CRIT_TEMPERATURE);
	mutex_unlock(&hw->lock);
	return status_to_errno(ret);
}

static int hwmon_read(struct device *dev, enum hwmon_sensor_types type, u32 attr, int channel,
		      long *value)
{
	struct nvme_hwmon *hw = dev_get_drvdata(dev);

	switch (attr) {
	case hwmon_temp_input:
	case hwmon_temp_alarm:
		return read_log_value(hw, attr, channel, value);
	case hwmon_temp_max:
		return get_threshold(hw->ctrl, channel, false, value);
	case hwmon_temp_min:
		return get_threshold(hw->ctrl, channel, true, value);
	case hwmon_temp_crit:
		*value = kelvin_to_millicelsius(hw->ctrl->cctemp);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int hwmon_write(struct device *dev, enum hwmon_sensor_types type, u32 attr, int channel,
		       long value)
{
	struct nvme_hwmon *hw = dev_get_drvdata(dev);

	if (attr == hwmon_temp_max || attr == hwmon_temp_min)
		return set_threshold(hw->ctrl, channel, attr == hwmon_temp_min, value);
	return -EOPNOTSUPP;
}

static int hwmon_read_string(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			     int channel, const char **str)
{
	static const char * const names[SENSORS + 1] = {
		"Composite", "Sensor 1", "Sensor 2", "Sensor 3", "Sensor 4", "Sensor 5",
		"Sensor 6", "Sensor 7", "Sensor 8",
	};

	*str = names[channel];
	return 0;
}

/* A sensor that is not there reads 0 kelvins; a threshold of WCTEMP 0 was never set. */
static umode_t hwmon_is_visible(const void *data, enum hwmon_sensor_types type, u32 attr,
				int channel)
{
	const struct nvme_hwmon *hw = data;

	if (channel && !kelvins(hw, channel))
		return 0;
	switch (attr) {
	case hwmon_temp_crit:
		return channel || !hw->ctrl->cctemp ? 0 : 0444;
	case hwmon_temp_alarm:
		return channel ? 0 : 0444;
	case hwmon_temp_max:
	case hwmon_temp_min:
		return channel || hw->ctrl->wctemp ? 0644 : 0;
	default:
		return 0444;
	}
}

#define SENSOR	(HWMON_T_INPUT | HWMON_T_MAX | HWMON_T_MIN | HWMON_T_LABEL)

static const struct hwmon_channel_info temperatures = {
	.type	= hwmon_temp,
	.config	= (const u32 []) {
		SENSOR | HWMON_T_CRIT | HWMON_T_ALARM, SENSOR, SENSOR, SENSOR, SENSOR, SENSOR,
		SENSOR, SENSOR, SENSOR, 0
	},
};

/* 6.1 wants the outer array without a second const. */
static const struct hwmon_channel_info *channels[] = { &temperatures, NULL };

static const struct hwmon_ops ops = {
	.is_visible	= hwmon_is_visible,
	.read		= hwmon_read,
	.read_string	= hwmon_read_string,
	.write		= hwmon_write,
};

static const struct hwmon_chip_info chip = {
	.ops	= &ops,
	.info	= channels,
};

/**
 * nvme_hwmon_init() - make the hwmon device of a controller
 * @ctrl: the controller, its admin queue live
 *
 * Return: 0 also if there is none to be made; -errno if the controller does not
 * answer.
 */
int nvme_hwmon_init(struct nvme_ctrl *ctrl)
{
	struct nvme_hwmon *hw;
	int ret;

	if (!IS_REACHABLE(CONFIG_HWMON) || ctrl->hwmon)
		return 0;
	hw = kzalloc(sizeof(*hw), GFP_KERNEL);
	if (!hw)
		return 0;
	hw->ctrl = ctrl;
	mutex_init(&hw->lock);
	ret = refresh(hw);
	if (ret)
		goto out_free;
	hw->dev = hwmon_device_register_with_info(&ctrl->ctrl_device, "nvme", hw, &chip, NULL);
	if (IS_ERR(hw->dev)) {
		dev_warn(ctrl->dev, "no hwmon device: %ld\n", PTR_ERR(hw->dev));
		goto out_free;
	}
	ctrl->hwmon = hw;
	return 0;

out_free:
	kfree(hw);
	return min(ret, 0);
}

void nvme_hwmon_exit(struct nvme_ctrl *ctrl)
{
	if (!ctrl->hwmon)
		return;
	hwmon_device_unregister(ctrl->hwmon->dev);
	kfree(ctrl->hwmon);
	ctrl->hwmon = NULL;
}
