// SPDX-License-Identifier: GPL-2.0
/* Until 6.5 a driver switches PCIe error reporting on itself. */
#include <linux/aer.h>
#include <linux/pci.h>

int probe(struct pci_dev *pdev);
int probe(struct pci_dev *pdev)
{
	return pci_enable_pcie_error_reporting(pdev);
}
