// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt vectors: one for the admin queue, then one for each I/O queue that is
 * not polled, as many as the system grants.
 */
#include "pci.h"
#include "trace.h"

/*
 * Shares @vectors out between the default and the read queues.  The kernel asks
 * for each number of vectors that it tries; with one set only, it need not spread
 * two over the CPUs.
 */
static void calc_sets(struct irq_affinity *affd, unsigned int vectors)
{
	struct nvme_dev *dev = affd->priv;
	unsigned int reads = 0;

	/* None left beside the admin queue's: the one I/O queue shares it. */
	vectors = max(vectors, 1u);
	if (vectors > 1 && dev->write_queues)
		reads = dev->write_queues < vectors ? vectors - dev->write_queues : 1;
	dev->io_queues[HCTX_TYPE_DEFAULT] = vectors - reads;
	dev->io_queues[HCTX_TYPE_READ] = reads;
	affd->set_size[0] = vectors - reads;
	affd->set_size[1] = reads;
	affd->nr_sets = reads ? 2 : 1;
}

/**
 * nvme_alloc_first_vector() - one vector, for the admin queue alone
 * @dev: the device, disabled
 *
 * If the kernel has no MSI-X to give, or just now no memory for it, this is the line that
 * all queues share (INTx), and stays so until the next reset: a controller may look which
 * kind is on when it gets a queue, and send no message for one made without (QEMU's).
 * Return: 0 or -errno.
 */
int nvme_alloc_first_vector(struct nvme_dev *dev)
{
	struct pci_dev *pdev = nvme_pdev(dev);
	unsigned int types = PCI_IRQ_ALL_TYPES;
	int ret;

	if (dev->ctrl.quirks & NVME_QUIRK_BROKEN_MSI)
		types &= ~PCI_IRQ_MSI;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, types);
	if (ret < 0)
		return ret;
	dev->num_vecs = 1;
	dev->irq_types = types;
	if (!pci_dev_msi_enabled(pdev)) {
		dev->irq_types &= ~(PCI_IRQ_MSI | PCI_IRQ_MSIX);
		if (pdev->msix_cap && pci_msi_enabled())
			dev_warn(&pdev->dev, "no MSI-X to be had: one interrupt for all queues until the next reset\n");
	}
	return 0;
}

/*
 * Vector 0 is the admin queue's, with no CPU of its own; the others are spread
 * over the CPUs by the kernel, which keeps them there ("managed").
 */
static int setup_irqs(struct nvme_dev *dev, unsigned int count)
{
	unsigned int polled = min(dev->poll_queues, count - 1);
	struct irq_affinity affd = {
		.pre_vectors	= 1,
		.calc_sets	= calc_sets,
		.priv		= dev,
	};
	unsigned int wanted = count - polled + 1;
	int ret;

	if (dev->ctrl.quirks & NVME_QUIRK_SINGLE_VECTOR)
		wanted = 1;
	dev->io_queues[HCTX_TYPE_POLL] = polled;
	ret = pci_alloc_irq_vectors_affinity(nvme_pdev(dev), 1, wanted,
					     dev->irq_types | PCI_IRQ_AFFINITY, &affd);
	if (ret < 0)
		return ret;
	dev->num_vecs = ret;
	return 0;
}

/**
 * nvme_setup_irqs() - vectors for all queues, and how many queues of each kind these serve
 * @dev:	the device, its first vector freed
 * @count:	I/O queues, polled ones among them
 *
 * Return: 0 or -errno.
 */
int nvme_setup_irqs(struct nvme_dev *dev, unsigned int count)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_setup_irqs);
	return nvme_phase_end(&phase, setup_irqs(dev, count));
}
