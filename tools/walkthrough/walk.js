// SPDX-License-Identifier: GPL-2.0
// One recording's steps, and what can be looked up about them.

// Where a step's parts stand in its array.
const DT = 0, KIND = 1, LANE = 2, PHASE = 3, CMD = 4, FACT = 5, CTRL = 6, QID = 7, CID = 8, CPU = 9, FIELDS = 10;
// Of a phase, of a command.
const P_PHASE = 0, P_CTRL = 1, P_PARENT = 2, P_LEVEL = 3, P_BEGIN = 4, P_END = 5, P_RESULT = 6;
const C_CTRL = 0, C_QID = 1, C_CID = 2, C_AT = 3;
const LANE_IRQ = 4, LANE_DEVICE = 5, LANE_QUEUES = 6;
const NO_CTRL = 0xffff;

let DATA; // all that the page was given
let KINDS; // by number: { name, fields: { name: [place, base] } }

function readKinds() {
	KINDS = {};
	for (const [id, [name, names, bases]] of Object.entries(DATA.kinds)) {
		const fields = {};

		names.forEach((n, i) => { fields[n] = [FIELDS + i, bases[i]]; });
		KINDS[id] = { name, fields };
	}
}

function symbolName(set, value) {
	return DATA.sets[set][value] ?? String(value);
}

// ERRNO names that a driver's phases end with.
const ERRNO = { 4: "EINTR", 5: "EIO", 12: "ENOMEM", 16: "EBUSY", 19: "ENODEV", 22: "EINVAL", 95: "EOPNOTSUPP",
	71: "EPROTO", 102: "ENETRESET", 110: "ETIMEDOUT" };

class Walk {
	constructor(json) {
		Object.assign(this, json);
		this.n = this.steps.length;
		this.time = new Float64Array(this.n);
		for (let i = 1; i < this.n; i++)
			this.time[i] = this.time[i - 1] + this.steps[i][DT];
		this.indexQueues();
		this.findFirstStates();
		this.phaseStarts = this.phases.map((p) => p[P_BEGIN]).filter((s) => s >= 0);
		this.states = new States(this);
	}

	// Of each queue, the steps that put a command into a slot or took an entry from one.
	indexQueues() {
		this.sqes = new Map();
		this.cqes = new Map();
		for (let i = 0; i < this.n; i++) {
			const name = this.kind(i);
			const map = name === "sqe" || name === "cmd_sent" ? this.sqes : name === "cqe" ? this.cqes : null;

			if (!map)
				continue;
			const key = this.steps[i][CTRL] + ":" + this.steps[i][QID];

			if (!map.has(key))
				map.set(key, []);
			map.get(key).push(i);
		}
	}

	// Where a controller was when the recording began: what its first change leads away from.
	findFirstStates() {
		this.firstState = {};
		for (let i = this.n - 1; i >= 0; i--)
			if (this.kind(i) === "ctrl_state")
				this.firstState[this.steps[i][CTRL]] = this.symbol(i, "old_state");
	}

	kind(i) {
		return KINDS[this.steps[i][KIND]].name;
	}

	// A field of step i: a number, or a BigInt where numbers would be rounded.
	field(i, name) {
		const place = KINDS[this.steps[i][KIND]].fields[name];

		if (!place)
			return undefined;
		const v = this.steps[i][place[0]];

		return typeof v === "string" ? BigInt(v) : v;
	}

	symbol(i, name) {
		const base = KINDS[this.steps[i][KIND]].fields[name][1];

		return symbolName(base - 2, this.field(i, name));
	}

	shown(i, name) {
		const base = KINDS[this.steps[i][KIND]].fields[name][1];
		const v = this.field(i, name);

		return base >= 2 ? symbolName(base - 2, v) : base === 1 ? hex(v) : String(v);
	}

	fact(i) {
		return DATA.facts[this.steps[i][FACT]];
	}

	// [source, line] or null
	source(i) {
		const fact = this.fact(i), name = this.kind(i);

		if (fact && fact[3] >= 0)
			return [DATA.sources[fact[3]], fact[4]];
		if (name === "phase_begin" || name === "phase_end") {
			const f = DATA.phase_functions[this.field(i, "phase")];

			return f ? [DATA.sources[f[0]], f[1]] : null;
		}
		return null;
	}

	command(i) {
		return i >= 0 && this.steps[i][CMD] >= 0 ? this.cmds[this.steps[i][CMD]] : null;
	}

	// The step of a stage, if it lies at or before step i.
	stage(c, name, i) {
		const s = c[C_AT + DATA.stages.indexOf(name)];

		return s >= 0 && s <= i ? s : -1;
	}

	isProblem(i) {
		switch (this.kind(i)) {
		case "phase_end": return this.field(i, "result") !== 0;
		case "cqe": return (this.field(i, "status") & 0x7ff) !== 0;
		case "dev_cqe": return (this.field(i, "status") & 0x7ff) !== 0;
		case "rq_complete": return this.field(i, "status") !== 0;
		case "queue_create": return this.field(i, "status") !== 0;
		case "ns_found": return this.field(i, "result") !== 0;
		case "timeout": case "abort": case "retry": return true;
		case "ctrl_gone": return this.symbol(i, "why") !== "removed";
		case "reg_read": return this.field(i, "offset") === 0x1c && (BigInt(this.field(i, "value")) & 2n) !== 0n;
		default: return false;
		}
	}

	registerName(i) {
		const offset = this.field(i, "offset");

		if (offset >= 0x1000)
			return say("doorbell") + " " + hex(offset);
		const r = registerAt(offset);

		return r ? r[2] + (offset === r[0] ? "" : "+4") : hex(offset);
	}

	title(i) {
		const s = this.steps[i], name = this.kind(i);

		switch (name) {
		case "phase_begin": return this.symbol(i, "phase") + " " + say("begins");
		case "phase_end": {
			const result = this.field(i, "result");

			if (!result)
				return this.symbol(i, "phase") + " " + say("ends");
			return `${this.symbol(i, "phase")} ${say("fails")}: ${result}${ERRNO[-result] ? " " + ERRNO[-result] : ""}`;
		}
		case "reg_read": return `${say("read")} ${this.registerName(i)} = ${hex(this.field(i, "value"))}`;
		case "reg_write": return `${say("write")} ${this.registerName(i)} = ${hex(this.field(i, "value"))}`;
		case "dev_reg": return `${DATA.walks ? this.lanes[LANE_DEVICE][language] : ""}: ${this.field(i, "write") ?
			say("write") + " " + this.registerName(i) + " = " + hex(this.field(i, "value")) :
			say("read") + " " + this.registerName(i)}`;
		case "ctrl_state": return `${this.symbol(i, "old_state")} → ${this.symbol(i, "new_state")}${this.field(i, "changed") ? "" : " (" + say("refused") + ")"}`;
		case "cmd_setup": case "cmd_sent": case "dev_cmd":
			return `${name}: ${opcodeName(s[QID], this.field(i, "opcode"))}`;
		case "sqe": return `sqe: slot ${this.field(i, "slot")}`;
		case "sq_doorbell": return `SQ ${s[QID]} ${say("doorbell")}: ${this.field(i, "old_tail")} → ${this.field(i, "new_tail")}`;
		case "cq_doorbell": return `CQ ${s[QID]} ${say("doorbell")}: ${this.field(i, "old_head")} → ${this.field(i, "new_head")}`;
		case "cq_enter": return `${this.symbol(i, "why")}: CQ ${s[QID]}`;
		case "cq_exit": return `cq_exit: CQ ${s[QID]}, ${this.field(i, "found")}`;
		case "cqe": return `cqe: CQ ${s[QID]} slot ${this.field(i, "slot")}, ${statusText(this.field(i, "status"))}`;
		case "rq_start": return `rq_start: ${this.symbol(i, "op")}${this.field(i, "bytes") ? " " + this.field(i, "bytes") + " B" : ""}`;
		case "rq_complete": return `rq_complete: ${statusText(this.field(i, "status"))}, ${this.symbol(i, "how")}`;
		case "cmd_map": return `cmd_map: ${this.symbol(i, "how")}`;
		case "queue_create": return `queue_create: ${this.symbol(i, "ring").toUpperCase()} ${s[QID]}, ${this.field(i, "depth")} ${say("entries")}`;
		case "timeout": return `timeout: q${s[QID]} ${hex(s[CID])}, ${this.symbol(i, "action")}`;
		case "reset": case "ctrl_gone": return `${name}: ${this.symbol(i, "why")}`;
		case "ns_found": return `ns_found: NSID ${this.field(i, "nsid")}`;
		default: return name;
		}
	}
}

function opcodeName(qid, opcode) {
	return DATA.opcodes[(qid ? 0x100 : 0) | opcode] ?? "opcode " + hex(opcode, 2);
}

function registerAt(offset) {
	return DATA.registers.find((r) => offset >= r[0] && offset < r[0] + r[1]);
}

// SCT and SC (3.3.3.2.1); the commonest by name.
const STATUS = { 0x001: "Invalid Opcode", 0x002: "Invalid Field", 0x004: "Data Transfer Error", 0x006: "Internal Error",
	0x007: "Abort Requested", 0x008: "Aborted, SQ Deletion", 0x00b: "Invalid Namespace", 0x080: "LBA Out of Range",
	0x081: "Capacity Exceeded", 0x100: "CQ Invalid", 0x101: "Invalid Queue Identifier", 0x102: "Invalid Queue Size",
	0x105: "AER Limit Exceeded", 0x280: "Write Fault", 0x281: "Unrecovered Read Error", 0x371: "aborted by the host" };

function statusText(status) {
	const code = status & 0x7ff;

	return code ? `${say("status")} ${hex(code, 3)}${STATUS[code] ? " " + STATUS[code] : ""}` : say("success");
}
