// SPDX-License-Identifier: GPL-2.0
// What the page itself says. What is said of steps comes with the data.

const STRINGS = {
	// name: [English, Chinese]
	title: ["NVMe, step by step", "逐步走读 NVMe"],
	step: ["Step", "步骤"],
	of: ["of", "/"],
	first: ["first", "开头"], last: ["last", "末尾"],
	back: ["back", "后退"], next: ["next", "前进"],
	next_phase: ["next phase", "下一阶段"], next_problem: ["next problem", "下一问题"],
	no_problem: ["no problem after this step", "此步之后没有问题"],
	along: ["along the command", "沿命令前进"],
	predict: ["predict first", "先预测"], reveal: ["show (Enter)", "揭晓（Enter）"],
	axis_steps: ["axis: steps", "横轴：步骤"], axis_time: ["axis: time", "横轴：时间"],
	wider: ["zoom out", "缩小"], closer: ["zoom in", "放大"],
	registers: ["Registers", "寄存器"], machine: ["State of the controller", "控制器状态"],
	queue: ["Queue", "队列"], command: ["Command", "命令"], source: ["Source", "源代码"],
	no_registers: ["No register access has been recorded up to here.", "到此为止没有记录到寄存器访问。"],
	stock_registers: ["Of the kernel's own driver, register accesses are not recorded.", "内核自带驱动的寄存器访问没有记录。"],
	stock_source: ["Recorded of the kernel's own driver: there are no lines of our source for its steps. What is said of phases is how our driver goes about them; where another phase holds the same work here, the lanes show it.", "这是内核自带驱动的记录：没有本项目的源代码行。关于各阶段的说明讲的是本项目驱动的做法；若这里由别的阶段完成同样的工作，泳道会显示出来。"],
	stock_no_lines: ["There are no lines of our source for the kernel's own driver.", "内核自带驱动没有本项目的源代码行。"],
	device_source: ["What the device did: that is in no driver's source.", "这是设备的动作：不在驱动源代码中。"],
	no_source: ["No line of source is noted for this step.", "此步骤没有对应的源代码行。"],
	no_fact: ["Nothing is noted on this step.", "此步骤没有说明。"],
	linux: ["a matter of Linux, not of the specification", "属于 Linux 的做法，不在规范中"],
	no_queue: ["No queue yet.", "还没有队列。"],
	no_command: ["No command yet.", "还没有命令。"],
	last_command: ["Not of this step: the command of step", "不属于此步骤，而是步骤"],
	sq: ["Submission queue", "提交队列"], cq: ["Completion queue", "完成队列"],
	head: ["head", "头"], tail: ["tail", "尾"], rung: ["told to the device", "已告知设备"],
	phase: ["phase", "相位"], entries: ["entries", "项"], depth_unknown: ["length not known", "长度未知"],
	slot_copied: ["in its slot, not rung", "已入槽，未敲门铃"], slot_given: ["the device's", "归设备"],
	slot_free: ["free", "空闲"], slot_new: ["written, not seen yet", "已写入，尚未看到"],
	slot_taken: ["taken", "已取走"], doorbell: ["doorbell", "门铃"],
	answer: ["Completion entry", "完成项"], not_yet: ["not yet", "尚未"],
	data_none: ["no data", "无数据"], list_of: ["list of", "列表，"], pages: ["pages", "页"],
	not_recorded: ["the entries of the list are not recorded, only how many", "没有记录列表的表项内容，只有数量"],
	result: ["result", "结果"], status: ["status", "状态"], success: ["success", "成功"],
	lost: ["events were lost while recording: rings and commands may have gaps", "个事件在记录时丢失：环和命令可能不完整"],
	left_out: ["steps of I/O are left out (--steps, --from, --to)", "个 I/O 步骤被省略（--steps、--from、--to）"],
	cut: ["The recording was cut:", "记录不完整："],
	guess: ["What comes next? Decide first: which lane, which register or queue, which value?", "下一步是什么？先判断：在哪条泳道、哪个寄存器或队列、什么值？"],
	to_difference: ["First difference", "第一处差异"], go_there: ["go there", "前往"],
	no_difference: ["No difference", "没有差异"], nothing_more: ["nothing more", "没有更多步骤"],
	stages: [
		["request", "请求"], ["command", "命令"], ["data, PRP", "数据、PRP"], ["SQE in slot", "SQE 入槽"],
		["doorbell", "门铃"], ["device: doorbell", "设备：门铃"], ["device: fetched", "设备：取命令"],
		["device: CQE", "设备：CQE"], ["device: irq", "设备：中断"], ["interrupt", "中断"],
		["CQE seen", "看到 CQE"], ["CQ doorbell", "CQ 门铃"], ["unmap", "解除映射"], ["end", "结束"],
	],
	mark_phase: ["phase", "阶段"], mark_failed: ["phase that failed", "失败的阶段"],
	mark_write: ["register write", "写寄存器"], mark_read: ["register read", "读寄存器"],
	mark_state: ["change of state", "状态转换"], mark_doorbell: ["doorbell", "门铃"],
	mark_entry: ["completion entry", "完成项"], mark_interrupt: ["interrupt", "中断"],
	mark_way: ["way of a command: doorbell, device, entry", "命令的路程：门铃、设备、完成项"],
	mark_problem: ["problem", "问题"],
	keys: ["Keys: → ← step, Home End, PgUp PgDn 20 steps, [ ] along the command, n next phase, f next problem, p predict, t axis, + −",
	       "按键：→ ← 单步，Home End，PgUp PgDn 20 步，[ ] 沿命令，n 下一阶段，f 下一问题，p 先预测，t 横轴，+ −"],
	read: ["read", "读"], write: ["write", "写"], begins: ["begins", "开始"], ends: ["ends", "结束"],
	fails: ["fails", "失败"], refused: ["refused", "被拒绝"],
};

let language = 0;

function say(name) {
	return STRINGS[name][language];
}
