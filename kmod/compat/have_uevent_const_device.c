// SPDX-License-Identifier: GPL-2.0
/* 6.3: a class's dev_uevent may not change the device. */
#include <linux/device.h>

int probe(const struct device *dev, struct kobj_uevent_env *env);
int probe(const struct device *dev, struct kobj_uevent_env *env)
{
	struct class class = { .dev_uevent = probe };

	return class.dev_uevent(dev, env);
}
