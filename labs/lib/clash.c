// SPDX-License-Identifier: GPL-2.0
/*
 * clash: takes a name that another module wants, so that the other's init fails there.
 *
 *	class		of a device class, as "nvme-generic"
 *	workqueue	of a workqueue that shows in sysfs
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "compat.h"

static char *class;
module_param(class, charp, 0444);
static char *workqueue;
module_param(workqueue, charp, 0444);

static struct class *taken_class;
static struct workqueue_struct *taken_wq;

static int __init clash_init(void)
{
	if (class) {
		taken_class = nvme_compat_class_create(class);
		if (IS_ERR(taken_class))
			return PTR_ERR(taken_class);
	}
	if (workqueue) {
		taken_wq = alloc_workqueue("%s", WQ_UNBOUND | WQ_SYSFS, 0, workqueue);
		if (!taken_wq) {
			class_destroy(taken_class);
			return -ENOMEM;
		}
	}
	return 0;
}

static void __exit clash_exit(void)
{
	if (taken_wq)
		destroy_workqueue(taken_wq);
	class_destroy(taken_class);
}

module_init(clash_init);
module_exit(clash_exit);
MODULE_DESCRIPTION("Takes a name that another module wants");
MODULE_LICENSE("GPL");
