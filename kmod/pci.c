// SPDX-License-Identifier: GPL-2.0
/*
 * nvmescope: NVMe over PCIe.  Read this file first: the module begins in
 * nvme_init(), each device in nvme_probe(), which leaves the bring-up to
 * nvme_reset_work() (pci_reset.c).
 */
#include <linux/module.h>

#include "pci.h"
#include "trace.h"

/* Maps at least @size bytes of BAR0, in which all registers are (PCIe Transport 3.1). */
int nvme_remap_bar(struct nvme_dev *dev, unsigned long size)
{
	struct pci_dev *pdev = nvme_pdev(dev);

	/* LAB(3): map at least @size bytes of BAR0, or say why not.  Starter: return -ENODEV; */
	if (size <= dev->bar_size)
		return 0;
	if (size > pci_resource_len(pdev, 0)) {
		dev_err(&pdev->dev, "BAR0 has %llu bytes, the registers need %lu\n",
			(unsigned long long)pci_resource_len(pdev, 0), size);
		return -ENOMEM;
	}
	if (dev->bar)
		iounmap(dev->bar);
	dev->bar_size = 0;
	dev->bar = ioremap(pci_resource_start(pdev, 0), size);
	if (!dev->bar)
		return -ENOMEM;
	dev->bar_size = size;
	return 0;
	/* LAB(3) end */
}

static int map_bar(struct nvme_dev *dev)
{
	struct pci_dev *pdev = nvme_pdev(dev);
	int ret;

	/* LAB(3): claim the BARs for "nvmescope", then map.  Starter: return -ENODEV; */
	ret = pci_request_mem_regions(pdev, "nvmescope");
	if (ret)
		return ret;
	/* The registers and one page of doorbells: enough to ask for more. */
	ret = nvme_remap_bar(dev, NVME_REG_DBS + 4096);
	if (ret)
		pci_release_mem_regions(pdev);
	return ret;
	/* LAB(3) end */
}

static int nvme_dev_map(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_dev_map);
	return nvme_phase_end(&phase, map_bar(dev));
}

static void nvme_dev_unmap(struct nvme_dev *dev)
{
	if (dev->bar)
		iounmap(dev->bar);
	pci_release_mem_regions(nvme_pdev(dev));
}

static void nvme_release_prp_pools(struct nvme_dev *dev)
{
	mempool_destroy(dev->sg_pool);
	dma_pool_destroy(dev->prp_small_pool);
	dma_pool_destroy(dev->prp_page_pool);
}

/*
 * Most lists are short: 256 bytes hold the entries of 128 KiB.  A list may not
 * cross a page (4.1.1), and neither pool's blocks do.
 */
static int make_pools(struct nvme_dev *dev)
{
	struct device *d = dev->ctrl.dev;
	size_t align = dev->ctrl.quirks & NVME_QUIRK_DMAPOOL_ALIGN_512 ? 512 : 256;

	dev->prp_page_pool = dma_pool_create("prp list page", d, NVME_CTRL_PAGE_SIZE,
					     NVME_CTRL_PAGE_SIZE, 0);
	dev->prp_small_pool = dma_pool_create("prp list 256", d,
					      NVME_PRPS_PER_SMALL * sizeof(__le64), align, 0);
	dev->sg_pool = mempool_create_kmalloc_pool(1, NVME_MAX_SEGMENTS *
						   sizeof(struct scatterlist));
	if (dev->prp_page_pool && dev->prp_small_pool && dev->sg_pool)
		return 0;
	nvme_release_prp_pools(dev);
	return -ENOMEM;
}

static int nvme_setup_prp_pools(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_setup_prp_pools);
	return nvme_phase_end(&phase, make_pools(dev));
}

static int reg_read32(struct nvme_ctrl *ctrl, u32 off, u32 *val)
{
	*val = readl(to_nvme_dev(ctrl)->bar + off);
	nvme_tell_reg_read(nvme_ctrl_id(ctrl), 0, 0, *val, off, 4, current->pid);
	return 0;
}

static int reg_write32(struct nvme_ctrl *ctrl, u32 off, u32 val)
{
	nvme_tell_reg_write(nvme_ctrl_id(ctrl), 0, 0, val, off, 4, current->pid);
	writel(val, to_nvme_dev(ctrl)->bar + off);
	return 0;
}

static int reg_read64(struct nvme_ctrl *ctrl, u32 off, u64 *val)
{
	void __iomem *reg = to_nvme_dev(ctrl)->bar + off;

	/* LAB(3): read all 64 bits.  Starter: *val = ~0ull; */
	/* Two halves, as PCIe Transport 3.1 allows: not every host has a 64-bit read. */
	*val = readl(reg) | (u64)readl(reg + 4) << 32;
	/* LAB(3) end */
	nvme_tell_reg_read(nvme_ctrl_id(ctrl), 0, 0, *val, off, 8, current->pid);
	return 0;
}

static int get_address(struct nvme_ctrl *ctrl, char *buf, int size)
{
	return scnprintf(buf, size, "%s\n", dev_name(ctrl->dev));
}

static void free_dev(struct nvme_ctrl *ctrl)
{
	struct nvme_dev *dev = to_nvme_dev(ctrl);

	put_device(dev->ctrl.dev);
	kvfree(dev->queues);
	kfree(dev);
}

static const struct nvme_ctrl_ops nvme_pci_ctrl_ops = {
	.name			= "pcie",
	.module			= THIS_MODULE,
	.reg_read32		= reg_read32,
	.reg_write32		= reg_write32,
	.reg_read64		= reg_read64,
	.free_ctrl		= free_dev,
	.submit_async_event	= nvme_pci_submit_async_event,
	.get_address		= get_address,
};

static struct nvme_dev *alloc_dev(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int node = dev_to_node(&pdev->dev);
	struct nvme_dev *dev = kzalloc_node(sizeof(*dev), GFP_KERNEL, node);

	if (!dev)
		return NULL;
	dev->nr_queues = nvme_max_queues();
	dev->queues = kvzalloc_node(array_size(dev->nr_queues, sizeof(*dev->queues)),
				    GFP_KERNEL, node);
	if (!dev->queues) {
		kfree(dev);
		return NULL;
	}
	dev->ctrl.dev = get_device(&pdev->dev);
	/*
	 * One SGL descriptor or many PRP entries: a segment may have any length.  A bounced
	 * one keeps its offset within a page, which a PRP list depends on.
	 */
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	dma_set_min_align_mask(&pdev->dev, NVME_CTRL_PAGE_SIZE - 1);
	mutex_init(&dev->shutdown_lock);
	mutex_init(&dev->irq_lock);
	mutex_init(&dev->hold_lock);
	nvme_set_id_quirks(dev, pdev, id);
	INIT_WORK(&dev->ctrl.reset_work, nvme_reset_work);
	INIT_DELAYED_WORK(&dev->give_up_work, nvme_give_up_work);
	return dev;
}

static void trace_new_ctrl(struct pci_dev *pdev, struct nvme_dev *dev)
{
	u32 addr = (u32)pci_domain_nr(pdev->bus) << 16 | pdev->bus->number << 8 | pdev->devfn;

	nvme_tell_ctrl_new(nvme_ctrl_id(&dev->ctrl), 0, 0, current->pid, addr, pdev->vendor,
			   pdev->device);
}

/* Devices that this driver would not drive right. */
static int refuse_unsupported(struct nvme_dev *dev)
{
	if (!(dev->ctrl.quirks & (NVME_QUIRK_128_BYTES_SQES | NVME_QUIRK_SHARED_TAGS)))
		return 0;
	dev_err(dev->ctrl.dev, "needs SQ entries of 128 bytes or one tag space, which this driver has not\n");
	return -ENODEV;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct nvme_dev *dev = alloc_dev(pdev, id);
	int ret;

	if (!dev)
		return -ENOMEM;
	ret = refuse_unsupported(dev);
	if (ret)
		goto out_free_dev;
	ret = nvme_dev_map(dev);
	if (ret)
		goto out_free_dev;
	ret = nvme_setup_prp_pools(dev);
	if (ret)
		goto out_unmap;
	ret = nvme_init_ctrl(&dev->ctrl, &pdev->dev, &nvme_pci_ctrl_ops);
	if (ret)
		goto out_release_pools;
	trace_new_ctrl(pdev, dev);
	pci_set_drvdata(pdev, dev);
	/* Slow devices need seconds to get ready: not in the probing thread. */
	nvme_reset_ctrl(&dev->ctrl, NVS_WHY_RESET_probe);
	return 0;

out_release_pools:
	nvme_release_prp_pools(dev);
out_unmap:
	nvme_dev_unmap(dev);
out_free_dev:
	free_dev(&dev->ctrl);
	return ret;
}

static int nvme_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_probe);
	return nvme_phase_end(&phase, probe(pdev, id));
}

/* Unplugged without a word: nothing that is in flight will complete. */
static void take_down_absent(struct nvme_dev *dev)
{
	nvme_tell_ctrl_gone(nvme_ctrl_id(&dev->ctrl), 0, 0, NVS_GONE_unplugged);
	nvme_change_ctrl_state(&dev->ctrl, NVS_STATE_dead);
	nvme_dev_disable(dev, true);
}

static void remove(struct pci_dev *pdev, struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	nvme_change_ctrl_state(ctrl, NVS_STATE_deleting);
	pci_set_drvdata(pdev, NULL);
	if (!pci_device_is_present(pdev))
		take_down_absent(dev);
	else
		nvme_tell_ctrl_gone(nvme_ctrl_id(ctrl), 0, 0, NVS_GONE_removed);

	flush_work(&ctrl->reset_work);
	cancel_delayed_work_sync(&dev->give_up_work);
	/*
	 * Held, by a PCI error or a sleep, or dead: nobody brings it up any more, and
	 * what follows waits for requests that wait for that.
	 */
	if (!dev->online_queues)
		nvme_dev_disable(dev, true);
	nvme_stop_ctrl(ctrl);
	if (nvme_ctrl_state(ctrl) == NVS_STATE_dead)
		nvme_mark_namespaces_dead(ctrl);
	nvme_remove_namespaces(ctrl);
	nvme_dev_disable(dev, true);
	nvme_remove_io_tags(ctrl);
	nvme_remove_admin_tags(ctrl);
	nvme_free_queues(dev);
	nvme_free_shadow(dev);
	nvme_release_prp_pools(dev);
	nvme_dev_unmap(dev);
	nvme_uninit_ctrl(ctrl);
}

static void nvme_remove(struct pci_dev *pdev)
{
	struct nvme_dev *dev = pci_get_drvdata(pdev);
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_remove);
	remove(pdev, dev);
	nvme_phase_end(&phase, 0);
}

static struct pci_driver nvme_driver = {
	.name		= "nvmescope",
	.id_table	= nvme_id_table,
	.probe		= nvme_probe,
	.remove		= nvme_remove,
	.shutdown	= nvme_shutdown,
	.driver.pm	= pm_sleep_ptr(&nvme_pm_ops),
	.err_handler	= &nvme_error_handlers,
	.sriov_configure = pci_sriov_configure_simple,
};

static int __init nvme_init(void)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_init);
	return nvme_phase_end(&phase, pci_register_driver(&nvme_driver));
}

static void __exit nvme_exit(void)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_exit);
	pci_unregister_driver(&nvme_driver);
	/* Work of a controller that is gone may still be on its last lines. */
	flush_workqueue(nvme_reset_wq);
	flush_workqueue(nvme_wq);
	nvme_phase_end(&phase, 0);
}

module_init(nvme_init);
module_exit(nvme_exit);
MODULE_AUTHOR("The nvmescope maintainers");
MODULE_DESCRIPTION("NVMe driver that shows its work: PCIe");
MODULE_VERSION(NVMESCOPE_VERSION);
MODULE_LICENSE("GPL");
