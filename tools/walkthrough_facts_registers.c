// SPDX-License-Identifier: GPL-2.0
/* Facts: accesses to registers, in the phases where the driver makes them. */
#include <stddef.h>
#include "walkthrough_facts.h"

#define IN(phase) NVS_PHASE_##phase
#define READ(phase, offset, mask, want, function, line, section, en, zh)                    \
	{                                                                                   \
		NVS_ID_reg_read, phase, offset, mask, want, function, line, section, en, zh \
	}
#define WRITE(phase, offset, mask, want, function, line, section, en, zh)                    \
	{                                                                                    \
		NVS_ID_reg_write, phase, offset, mask, want, function, line, section, en, zh \
	}

#define CAP    0x00
#define VS     0x08
#define CC     0x14
#define CSTS   0x1c
#define NSSR   0x20
#define AQA    0x24
#define ASQ    0x28
#define ACQ    0x30
#define CMBLOC 0x38
#define CMBSZ  0x3c
#define CRTO   0x68

#define CC_EN  1u
#define CC_SHN 0xc000u
#define RDY    1u
#define CFS    2u
#define ONES   0xffffffffu

const struct walk_fact facts_of_registers[] = {
	READ(0, ANY_KEY, ONES, ONES, NULL, NULL, "3.1.3",
	     "All ones are what a bus gives when nobody answers: the device is gone.",
	     "全 1 表示总线上无人应答：设备已经不在了。"),
	READ(IN(nvme_pci_enable), CSTS, 0, 0, "read_capabilities", "NVME_REG_CSTS", "3.1.3.6",
	     "The first look at the device: does it answer at all?",
	     "第一次访问设备：它有没有应答？"),
	READ(IN(nvme_pci_enable), CAP, 0, 0, "read_capabilities", "nvme_read_cap", "3.1.3.1",
	     "CAP says how deep queues may be (MQES), how far doorbells are apart (DSTRD) and how long to wait (TO).",
	     "CAP 说明队列最大深度（MQES）、门铃间距（DSTRD）和最长等待时间（TO）。"),
	READ(IN(nvme_pci_enable), CMBSZ, 0, 0, "note_unused", "NVME_REG_CMBSZ", "3.1.3.12",
	     "Is there a Controller Memory Buffer? This driver does not use it, but says once that it is there.",
	     "有没有控制器内存缓冲区（CMB）？本驱动不使用它，只提示一次。"),
	READ(IN(nvme_enable_ctrl), CAP, 0, 0, "configure_and_enable", "nvme_read_cap", "3.1.3.1",
	     "CAP again: page sizes and command sets to choose from, and timeouts that CC.CSS and CC.CRIME may have changed.",
	     "再次读取 CAP：可选的页大小和命令集，以及可能被 CC.CSS、CC.CRIME 改变的超时。"),
	READ(0, CAP, 0, 0, "nvme_read_cap", "reg_read64", "3.1.3.1",
	     "CAP says what the controller supports; nothing may be configured before it is known.",
	     "CAP 说明控制器支持什么；在知道它之前不能做任何配置。"),
	READ(0, VS, 0, 0, "identify_ctrl", "NVME_REG_VS", "3.1.3.2",
	     "Which version of the specification the controller follows: it decides what may be asked of it.",
	     "控制器遵循哪个版本的规范：这决定了可以向它请求什么。"),
	READ(0, CRTO, 0, 0, "ready_ms", "NVME_REG_CRTO", "3.1.3.21",
	     "Newer controllers say here how long they take to become ready; CAP.TO was too small a field for it.",
	     "较新的控制器在这里说明就绪所需时间；CAP.TO 字段不够大。"),
	READ(IN(nvme_wait_ready), CSTS, CFS | RDY, CFS, "poll_csts", "NVME_CSTS_CFS", "3.1.3.6",
	     "CSTS.CFS is 1: the controller has met a fatal error, and will not become ready.",
	     "CSTS.CFS 为 1：控制器遇到致命错误，不会就绪。"),
	READ(IN(nvme_wait_ready), CSTS, RDY, RDY, "poll_csts", "(csts & mask) == want", "3.1.3.6",
	     "CSTS.RDY is 1: the controller takes commands. After a stop, the driver waits for 0 instead.",
	     "CSTS.RDY 为 1：控制器可以接受命令。停止之后，驱动等待的则是 0。"),
	READ(IN(nvme_wait_ready), CSTS, RDY, 0, "poll_csts", "(csts & mask) == want", "3.1.3.6",
	     "CSTS.RDY is 0: the controller is stopped, or not ready yet, in which case it is asked again.",
	     "CSTS.RDY 为 0：控制器已停止，或尚未就绪（这时会再次读取）。"),
	READ(IN(nvme_dev_disable), CSTS, CFS, CFS, "is_responsive", "NVME_CSTS_CFS", "3.1.3.6",
	     "Before it is stopped in order: it has declared itself broken (CSTS.CFS), so no command is sent to it.",
	     "在有序停止之前：它已声明自己出错（CSTS.CFS），因此不再向它发命令。"),
	READ(IN(nvme_dev_disable), CSTS, 0, 0, "is_responsive", "NVME_REG_CSTS", "3.1.3.6",
	     "Does it still answer? Only then can it be stopped in order.",
	     "它还应答吗？只有这样才能有序停止。"),
	READ(0, CSTS, CFS, CFS, "choose_action", "NVME_CSTS_CFS", "3.1.3.6",
	     "CSTS.CFS is 1: the controller has declared itself broken, and only a reset can help.",
	     "CSTS.CFS 为 1：控制器声明自己出错，只有复位才有用。"),
	READ(0, CSTS, 0, 0, "nvme_timeout", "NVME_REG_CSTS", "3.1.3.6",
	     "The state of the controller, before it is decided what to do.",
	     "在决定怎么办之前先看控制器的状态。"),
	WRITE(IN(nvme_disable_ctrl), CC, CC_EN, 0, "nvme_disable_ctrl", "write_cc", "3.1.3.5",
	      "CC.EN from 1 to 0 is a Controller Reset: all queues and outstanding commands are gone. Where it is 0 already, nothing happens.",
	      "CC.EN 从 1 变 0 就是控制器复位：所有队列和未完成的命令都消失。若已是 0 则没有影响。"),
	WRITE(IN(nvme_enable_ctrl), CC, CC_EN, 0, "configure_and_enable", "write_cc", "3.1.3.5",
	      "Page size (MPS), command set (CSS) and entry sizes are written while EN is 0: with EN set they may not change.",
	      "在 EN 为 0 时写入页大小（MPS）、命令集（CSS）和队列项大小：EN 置位后不得更改。"),
	WRITE(IN(nvme_enable_ctrl), CC, CC_EN, CC_EN, "configure_and_enable", "NVME_CC_ENABLE",
	      "3.1.3.5",
	      "CC.EN goes to 1: the controller starts, and sets CSTS.RDY when it takes commands.",
	      "CC.EN 置 1：控制器启动，可以接受命令时会置位 CSTS.RDY。"),
	WRITE(IN(nvme_shutdown_ctrl), CC, 0, 0, "nvme_shutdown_ctrl", "NVME_CC_SHN_NORMAL", "3.6.1",
	      "CC.SHN says that a normal shutdown is meant; CSTS.SHST tells when it is done.",
	      "CC.SHN 表示正常关机；CSTS.SHST 说明何时完成。"),
	WRITE(0, CC, 0, 0, "write_cc", "reg_write32", "3.1.3.5",
	      "CC configures, starts and stops the controller.", "CC 用于配置、启动和停止控制器。"),
	WRITE(0, AQA, 0, 0, "write_admin_queue", "NVME_REG_AQA", "3.1.3.8",
	      "How many entries the admin queues have; both numbers count from zero, so 31 means 32.",
	      "管理队列的项数；两个数都从 0 计，因此 31 表示 32 项。"),
	WRITE(0, ASQ, 0, 0, "write_admin_queue", "NVME_REG_ASQ,", "3.1.3.9",
	      "Where in memory the Admin Submission Queue begins: it must be the beginning of a page.",
	      "管理提交队列在内存中的起始地址：必须是页的开头。"),
	WRITE(0, ASQ + 4, 0, 0, "write_admin_queue", "NVME_REG_ASQ + 4", "3.1.3.9",
	      "The upper half of the address of the Admin Submission Queue.",
	      "管理提交队列地址的高 32 位。"),
	WRITE(0, ACQ, 0, 0, "write_admin_queue", "NVME_REG_ACQ,", "3.1.3.10",
	      "Where in memory the Admin Completion Queue begins.",
	      "管理完成队列在内存中的起始地址。"),
	WRITE(0, ACQ + 4, 0, 0, "write_admin_queue", "NVME_REG_ACQ + 4", "3.1.3.10",
	      "The upper half of the address of the Admin Completion Queue.",
	      "管理完成队列地址的高 32 位。"),
	WRITE(0, CSTS, 0, 0, "clear_subsystem_reset", "reg_write32", "3.1.3.6",
	      "CSTS.NSSRO, set by an NVM Subsystem Reset, is cleared by writing 1 to it.",
	      "NVM 子系统复位会置位 CSTS.NSSRO，写 1 将其清除。"),
	WRITE(0, NSSR, 0, 0, NULL, NULL, "3.1.3.7",
	      "The word \"NVMe\" written to NSSR resets the whole NVM subsystem.",
	      "向 NSSR 写入 \"NVMe\" 会复位整个 NVM 子系统。"),
	{ NVS_ID_dev_reg, 0, ANY_KEY, 1, 1, NULL, NULL, "3.1.3",
	  "The device's own log: this write reached it. Nobody in the guest could have written this line.",
	  "设备自己的日志：这次写入到达了设备。客户机内无人能伪造这一行。" },
	{ NVS_ID_dev_reg, 0, ANY_KEY, 0, 0, NULL, NULL, "3.1.3",
	  "The device's own log: the driver reads one of its registers.",
	  "设备自己的日志：驱动读取了它的一个寄存器。" },
	{ NVS_ID_reg_read, 0, ANY_KEY, 0, 0, NULL, NULL, "3.1.3",
	  "A register of the controller is read.", "读取控制器的一个寄存器。" },
	{ NVS_ID_reg_write, 0, ANY_KEY, 0, 0, NULL, NULL, "3.1.3",
	  "A register of the controller is written.", "写入控制器的一个寄存器。" },
	{ 0 },
};
