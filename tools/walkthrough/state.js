// SPDX-License-Identifier: GPL-2.0
// What controllers, registers and rings are like after each step. Kept every so many steps;
// from there on a step's state is worked out, so that 50,000 steps cost little memory.

const CHECKPOINT = 200;

class States {
	constructor(walk) {
		this.walk = walk;
		this.kept = [];
		this.last = { step: -1, state: freshState() };
		let state = freshState();

		for (let i = 0; i < walk.n; i++) {
			if (i % CHECKPOINT === 0)
				this.kept.push(copyState(state));
			applyStep(state, walk, i);
		}
	}

	// After step i; not to be changed. i = -1: before the first.
	at(i) {
		if (i < 0)
			return freshState();
		const k = Math.floor(i / CHECKPOINT);
		let from = k * CHECKPOINT, state;

		if (this.last.step >= from && this.last.step <= i) {
			state = copyState(this.last.state);
			from = this.last.step + 1;
		} else {
			state = copyState(this.kept[k]);
		}
		for (let j = from; j <= i; j++)
			applyStep(state, this.walk, j);
		this.last = { step: i, state };
		return state;
	}
}

function freshState() {
	return { ctrl: -1, queue: null, ctrls: {}, queues: {} };
}

function copyState(s) {
	const c = { ctrl: s.ctrl, queue: s.queue, ctrls: {}, queues: {} };

	for (const [k, v] of Object.entries(s.ctrls))
		c.ctrls[k] = { ...v, regs: { ...v.regs } };
	for (const [k, v] of Object.entries(s.queues))
		c.queues[k] = { ...v };
	return c;
}

function ctrlOf(state, id) {
	return state.ctrls[id] ??= { state: null, from: null, refused: null, regs: {} };
}

function queueOf(state, ctrl, qid) {
	return state.queues[ctrl + ":" + qid] ??= { ctrl, qid, sqDepth: 0, cqDepth: 0, tail: null, rung: null, sqHead: null,
		cqHead: null, freed: null, phase: null, vector: null, since: 0, sqBell: null, cqBell: null };
}

function nextSlot(slot, depth) {
	return depth && slot + 1 >= depth ? 0 : slot + 1;
}

// A register is whole once its halves are known; half of it is shown as far as it goes.
function setRegister(ctrl, offset, width, value) {
	const r = registerAt(offset);

	if (!r)
		return;
	const old = ctrl.regs[r[2]] ?? 0n, v = BigInt(value);

	if (r[1] === 8 && width === 4)
		ctrl.regs[r[2]] = offset === r[0] ? (old >> 32n << 32n) | v : (old & 0xffffffffn) | v << 32n;
	else
		ctrl.regs[r[2]] = v;
}

// CC.EN to 0: a Controller Reset, all queues are gone (3.7.2).
function stopQueues(state, id, step) {
	for (const q of Object.values(state.queues)) {
		if (q.ctrl !== id)
			continue;
		Object.assign(q, { tail: null, rung: null, sqHead: null, since: step });
		if (q.qid)
			Object.assign(q, { cqHead: null, freed: null });
	}
}

function createRing(q, walk, i) {
	const depth = walk.field(i, "depth");

	if (walk.field(i, "status"))
		return;
	if (walk.symbol(i, "ring") === "cq")
		Object.assign(q, { cqDepth: depth, cqHead: 0, freed: 0, phase: 1, since: i, vector: walk.field(i, "vector") });
	else
		Object.assign(q, { sqDepth: depth, tail: 0, rung: 0, sqHead: 0, since: i });
}

function deviceAnswered(q, walk, i) {
	const slot = walk.field(i, "slot"), next = nextSlot(slot, q.cqDepth);

	q.cqHead = next;
	q.phase = walk.field(i, "phase") ^ (q.cqDepth && next === 0 ? 1 : 0);
	q.sqHead = walk.field(i, "sq_head");
}

function applyStep(state, walk, i) {
	const s = walk.steps[i], name = walk.kind(i);

	if (s[CTRL] === NO_CTRL)
		return;
	state.ctrl = s[CTRL];
	const ctrl = ctrlOf(state, s[CTRL]);

	ctrl.refused = null;
	switch (name) {
	case "reg_write":
		if (walk.field(i, "offset") === 0x14 && !(walk.field(i, "value") & 1) && (ctrl.regs.CC ?? 0n) & 1n)
			stopQueues(state, s[CTRL], i);
		// fall through
	case "reg_read":
		setRegister(ctrl, walk.field(i, "offset"), walk.field(i, "width"), walk.field(i, "value"));
		return;
	case "ctrl_state":
		if (walk.field(i, "changed")) {
			ctrl.from = walk.symbol(i, "old_state");
			ctrl.state = walk.symbol(i, "new_state");
		} else {
			ctrl.state ??= walk.symbol(i, "old_state");
			ctrl.refused = walk.symbol(i, "new_state");
		}
		return;
	}
	applyQueueStep(state, walk, i, name);
}

function applyQueueStep(state, walk, i, name) {
	const s = walk.steps[i];

	if (!/^(rq_|cmd_|sqe$|sq_|cq_|cqe$|batch|queue_|irq_|timeout|abort|retry|rq_result|dev_(door|cmd|cqe))/.test(name))
		return;
	const q = queueOf(state, s[CTRL], s[QID]);

	state.queue = s[CTRL] + ":" + s[QID];
	switch (name) {
	case "queue_create": createRing(q, walk, i); break;
	case "irq_setup": q.vector = walk.field(i, "vector"); break;
	case "sqe": case "cmd_sent": q.tail = nextSlot(walk.field(i, "slot"), q.sqDepth); break;
	case "sq_doorbell":
		q.rung = q.tail = walk.field(i, "new_tail");
		q.sqBell = i;
		break;
	case "cq_enter":
		q.cqHead = walk.field(i, "cq_head");
		q.phase = walk.field(i, "phase");
		break;
	case "sq_head": q.sqHead = walk.field(i, "sq_head"); break;
	case "cqe": deviceAnswered(q, walk, i); break;
	case "cq_doorbell":
		q.freed = q.cqHead = walk.field(i, "new_head");
		q.cqBell = i;
		break;
	}
}
