// SPDX-License-Identifier: GPL-2.0
/* Registers, commands and completion entries, field by field. */
#include <stddef.h>
#include "walkthrough_facts.h"

#define FIELDS(...)                 \
	(const struct walk_field[]) \
	{                           \
		__VA_ARGS__,        \
		{                   \
			0           \
		}                   \
	}
#define BITS(high, low, name, en, zh)      \
	{                                  \
		0, high, low, name, en, zh \
	}
#define DW(dword, high, low, name, en, zh)     \
	{                                      \
		dword, high, low, name, en, zh \
	}
#define IO(opcode) (0x100u | (opcode))

/* NVMe Base Specification 2.0c, 3.1.3 */
const struct walk_layout walk_registers[] = {
	{ 0x00, 8, "CAP", "3.1.3.1",
	  FIELDS(BITS(15, 0, "MQES", "entries of a queue at most, from zero",
		      "队列最大项数（从 0 计）"),
		 BITS(16, 16, "CQR", "queues must be contiguous", "队列必须连续"),
		 BITS(18, 17, "AMS", "arbitration mechanisms", "支持的仲裁机制"),
		 BITS(31, 24, "TO", "longest wait for RDY, in 500 ms",
		      "等待 RDY 的最长时间（500 ms）"),
		 BITS(35, 32, "DSTRD", "doorbells are 4 << DSTRD bytes apart",
		      "门铃间距 4 << DSTRD 字节"),
		 BITS(36, 36, "NSSRS", "NVM Subsystem Reset", "支持 NVM 子系统复位"),
		 BITS(44, 37, "CSS", "command sets", "支持的命令集"),
		 BITS(51, 48, "MPSMIN", "smallest page, 4 KiB << MPSMIN", "最小页 4 KiB << MPSMIN"),
		 BITS(55, 52, "MPSMAX", "largest page, 4 KiB << MPSMAX", "最大页 4 KiB << MPSMAX"),
		 BITS(56, 56, "PMRS", "Persistent Memory Region", "持久内存区"),
		 BITS(57, 57, "CMBS", "Controller Memory Buffer", "控制器内存缓冲区"),
		 BITS(60, 59, "CRMS", "ready modes", "就绪模式")) },
	{ 0x08, 4, "VS", "3.1.3.2",
	  FIELDS(BITS(31, 16, "MJR", "major version", "主版本"),
		 BITS(15, 8, "MNR", "minor version", "次版本"),
		 BITS(7, 0, "TER", "tertiary version", "第三版本号")) },
	{ 0x14, 4, "CC", "3.1.3.5",
	  FIELDS(BITS(0, 0, "EN", "enable", "使能"),
		 BITS(6, 4, "CSS", "command set in use", "使用的命令集"),
		 BITS(10, 7, "MPS", "page size, 4 KiB << MPS", "页大小 4 KiB << MPS"),
		 BITS(13, 11, "AMS", "arbitration", "仲裁"),
		 BITS(15, 14, "SHN", "shutdown: 1 normal, 2 abrupt", "关机：1 正常，2 突然"),
		 BITS(19, 16, "IOSQES", "an SQ entry has 2^n bytes", "提交项 2^n 字节"),
		 BITS(23, 20, "IOCQES", "a CQ entry has 2^n bytes", "完成项 2^n 字节"),
		 BITS(24, 24, "CRIME", "ready independent of media", "与介质无关的就绪")) },
	{ 0x1c, 4, "CSTS", "3.1.3.6",
	  FIELDS(BITS(0, 0, "RDY", "ready: takes commands", "就绪：可接受命令"),
		 BITS(1, 1, "CFS", "fatal status", "致命状态"),
		 BITS(3, 2, "SHST", "shutdown: 1 under way, 2 complete", "关机：1 进行中，2 完成"),
		 BITS(4, 4, "NSSRO", "a subsystem reset happened", "发生过子系统复位"),
		 BITS(5, 5, "PP", "processing paused", "处理暂停")) },
	{ 0x20, 4, "NSSR", "3.1.3.7",
	  FIELDS(BITS(31, 0, "NSSRC", "4E564D65h resets the subsystem",
		      "写 4E564D65h 复位子系统")) },
	{ 0x24, 4, "AQA", "3.1.3.8",
	  FIELDS(BITS(11, 0, "ASQS", "entries of the admin SQ, from zero",
		      "管理提交队列项数（从 0 计）"),
		 BITS(27, 16, "ACQS", "entries of the admin CQ, from zero",
		      "管理完成队列项数（从 0 计）")) },
	{ 0x28, 8, "ASQ", "3.1.3.9",
	  FIELDS(BITS(63, 12, "ASQB", "page where the admin SQ begins", "管理提交队列所在页")) },
	{ 0x30, 8, "ACQ", "3.1.3.10",
	  FIELDS(BITS(63, 12, "ACQB", "page where the admin CQ begins", "管理完成队列所在页")) },
	{ 0x38, 4, "CMBLOC", "3.1.3.11",
	  FIELDS(BITS(2, 0, "BIR", "BAR that has it", "所在的 BAR"),
		 BITS(31, 12, "OFST", "offset in that BAR, in CMBSZ's units",
		      "在该 BAR 中的偏移")) },
	{ 0x3c, 4, "CMBSZ", "3.1.3.12",
	  FIELDS(BITS(0, 0, "SQS", "submission queues may lie in it", "可放提交队列"),
		 BITS(1, 1, "CQS", "completion queues may lie in it", "可放完成队列"),
		 BITS(11, 8, "SZU", "unit, 4 KiB << 4n", "单位 4 KiB << 4n"),
		 BITS(31, 12, "SZ", "size in units", "大小")) },
	{ 0x68, 4, "CRTO", "3.1.3.21",
	  FIELDS(BITS(15, 0, "CRWMT", "until ready with media, 500 ms", "介质就绪时间（500 ms）"),
		 BITS(31, 16, "CRIMT", "until ready without, 500 ms",
		      "不含介质的就绪时间（500 ms）")) },
	{ 0 },
};

#define BLOCKS                                                                              \
	DW(10, 63, 0, "SLBA", "first block", "起始块"),                                     \
		DW(12, 15, 0, "NLB", "blocks, from zero", "块数（从 0 计）"),               \
		DW(12, 29, 26, "PRINFO", "protection information", "保护信息"),             \
		DW(12, 30, 30, "FUA", "to the medium before the answer", "写到介质才应答"), \
		DW(12, 31, 31, "LR", "few retries", "少重试")

const struct walk_layout walk_commands[] = {
	{ 0x00, 0, "Delete I/O Submission Queue", "5.7",
	  FIELDS(DW(10, 15, 0, "QID", "queue", "队列")) },
	{ 0x01, 0, "Create I/O Submission Queue", "5.5",
	  FIELDS(DW(10, 15, 0, "QID", "queue", "队列"),
		 DW(10, 31, 16, "QSIZE", "entries, from zero", "项数（从 0 计）"),
		 DW(11, 0, 0, "PC", "contiguous", "连续"),
		 DW(11, 2, 1, "QPRIO", "priority", "优先级"),
		 DW(11, 31, 16, "CQID", "its completion queue", "对应的完成队列")) },
	{ 0x02, 0, "Get Log Page", "5.16",
	  FIELDS(DW(10, 7, 0, "LID", "log", "日志"),
		 DW(10, 31, 16, "NUMDL", "dwords, from zero", "双字数（从 0 计）")) },
	{ 0x04, 0, "Delete I/O Completion Queue", "5.6",
	  FIELDS(DW(10, 15, 0, "QID", "queue", "队列")) },
	{ 0x05, 0, "Create I/O Completion Queue", "5.4",
	  FIELDS(DW(10, 15, 0, "QID", "queue", "队列"),
		 DW(10, 31, 16, "QSIZE", "entries, from zero", "项数（从 0 计）"),
		 DW(11, 0, 0, "PC", "contiguous", "连续"),
		 DW(11, 1, 1, "IEN", "interrupts", "允许中断"),
		 DW(11, 31, 16, "IV", "interrupt vector", "中断向量")) },
	{ 0x06, 0, "Identify", "5.17",
	  FIELDS(DW(10, 7, 0, "CNS", "which structure", "哪种数据结构"),
		 DW(10, 31, 16, "CNTID", "controller", "控制器"),
		 DW(11, 31, 24, "CSI", "command set", "命令集")) },
	{ 0x08, 0, "Abort", "5.1",
	  FIELDS(DW(10, 15, 0, "SQID", "queue of the command", "命令所在队列"),
		 DW(10, 31, 16, "CID", "its identifier", "命令标识符")) },
	{ 0x09, 0, "Set Features", "5.27",
	  FIELDS(DW(10, 7, 0, "FID", "feature", "特性"),
		 DW(10, 31, 31, "SV", "keep over resets", "复位后保留"),
		 DW(11, 31, 0, "CDW11", "its value", "特性的值")) },
	{ 0x0a, 0, "Get Features", "5.15",
	  FIELDS(DW(10, 7, 0, "FID", "feature", "特性"),
		 DW(10, 10, 8, "SEL", "which of its values", "取哪个值")) },
	{ 0x0c, 0, "Asynchronous Event Request", "5.2",
	  FIELDS(DW(10, 31, 0, "CDW10", "reserved", "保留")) },
	{ 0x7c, 0, "Doorbell Buffer Config", "5.8",
	  FIELDS(DW(10, 31, 0, "CDW10", "reserved", "保留")) },
	{ IO(0x00), 0, "Flush", "7.1", FIELDS(DW(10, 31, 0, "CDW10", "reserved", "保留")) },
	{ IO(0x01), 0, "Write", "NVM Command Set 3.2.6", FIELDS(BLOCKS) },
	{ IO(0x02), 0, "Read", "NVM Command Set 3.2.4", FIELDS(BLOCKS) },
	{ IO(0x08), 0, "Write Zeroes", "NVM Command Set 3.2.8",
	  FIELDS(BLOCKS, DW(12, 25, 25, "DEAC", "may deallocate", "可释放")) },
	{ IO(0x09), 0, "Dataset Management", "NVM Command Set 3.2.3",
	  FIELDS(DW(10, 7, 0, "NR", "ranges, from zero", "范围数（从 0 计）"),
		 DW(11, 2, 2, "AD", "deallocate", "释放")) },
	{ 0 },
};

/* The status, as the cqe event has it: without the phase tag. */
const struct walk_layout walk_entries[] = {
	{ 0, 2, "Status", "3.3.3.2.1",
	  FIELDS(BITS(7, 0, "SC", "status code", "状态码"),
		 BITS(10, 8, "SCT", "its type", "状态码类型"),
		 BITS(12, 11, "CRD", "wait before a retry", "重试前的等待"),
		 BITS(13, 13, "M", "more in a log", "日志中有更多信息"),
		 BITS(14, 14, "DNR", "do not retry", "不要重试")) },
	{ 0 },
};
