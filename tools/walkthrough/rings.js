// SPDX-License-Identifier: GPL-2.0
// The rings of one queue: as a circle, and the slots around head and tail one by one.

const SLOTS = 12;

// The last step at or before i in a sorted list: its place, or -1.
function lastBefore(list, i) {
	let low = 0, high = list.length;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (list[middle] <= i)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

// Slots of a ring as they were last written, newest first: Map slot -> step.
function slotsOf(walk, list, q, step) {
	const slots = new Map();

	if (!list)
		return slots;
	for (let k = lastBefore(list, step); k >= 0 && slots.size < 64 && list[k] >= q.since; k--) {
		const slot = walk.field(list[k], "slot");

		if (!slots.has(slot))
			slots.set(slot, list[k]);
	}
	return slots;
}

// How far from a to b in the direction of filling.
function distance(a, b, depth) {
	return depth ? (b - a + depth) % depth : b - a;
}

function circle(depth, arcs, pointers, label) {
	const size = 150, c = size / 2, r = 50, parts = [];
	const at = (slot, radius) => {
		const a = (depth ? slot / depth : 0) * 2 * Math.PI - Math.PI / 2;

		return [c + radius * Math.cos(a), c + radius * Math.sin(a)];
	};

	parts.push(svg("circle", { cx: c, cy: c, r, fill: "none", stroke: "#e4e8ef", "stroke-width": 13 }));
	for (const [from, count, color] of arcs) {
		if (!count || !depth)
			continue;
		const length = 2 * Math.PI * r, part = Math.max(count / depth * length, 2.5);

		parts.push(svg("circle", { cx: c, cy: c, r, fill: "none", stroke: color, "stroke-width": 13,
			"stroke-dasharray": `${part} ${length - part}`, transform: `rotate(${from / depth * 360 - 90} ${c} ${c})` }));
	}
	if (depth && depth <= 64)
		for (let s = 0; s < depth; s++) {
			const [x0, y0] = at(s, r - 6.5), [x1, y1] = at(s, r + 6.5);

			parts.push(svg("line", { x1: x0, y1: y0, x2: x1, y2: y1, stroke: "#ffffff", "stroke-width": 1 }));
		}
	for (const [slot, name, color, inside] of pointers) {
		if (slot === null || slot === undefined)
			continue;
		const [x0, y0] = at(slot, inside ? r - 9 : r + 9), [x1, y1] = at(slot, inside ? r - 20 : r + 16);

		parts.push(svg("line", { x1: x0, y1: y0, x2: x1, y2: y1, stroke: color, "stroke-width": 3 }));
		parts.push(svg("text", { x: x1, y: y1 + (y1 > c ? 9 : 0), "text-anchor": x1 > c + 3 ? "start" : x1 < c - 3 ? "end" : "middle", style: `fill:${color};font-size:10px` }, `${name} ${slot}`));
	}
	parts.push(svg("text", { x: c, y: c + 4, "text-anchor": "middle", style: "font-weight:600" }, label));
	return svg("svg", { viewBox: `-50 -6 ${size + 100} ${size + 12}`, width: "100%", height: 150 }, ...parts);
}

function slotBox(slot, kind, head, text, lit) {
	return element("div", { class: `slot ${kind}${lit ? " lit" : ""}` }, element("b", {}, head), element("br"), text);
}

function sqSlots(walk, q, step) {
	const slots = slotsOf(walk, walk.sqes.get(q.ctrl + ":" + q.qid), q, step), boxes = [];
	const depth = q.sqDepth || (q.tail ?? 0) + SLOTS, tail = q.tail ?? 0;
	const first = (tail - Math.min(SLOTS - 3, depth - 1) + depth) % depth;

	for (let k = 0; k < Math.min(SLOTS, depth); k++) {
		const slot = (first + k) % depth, from = slots.get(slot);
		const behindTail = distance(slot, tail, depth), outstanding = distance(q.sqHead ?? 0, tail, depth);
		const unrung = distance(q.rung ?? tail, tail, depth);
		const kind = behindTail && behindTail <= unrung ? "copied" : behindTail && behindTail <= outstanding ? "given" : "";
		const c = from === undefined ? null : walk.command(from);
		const setup = c ? c[C_AT + 1] : -1;
		const marks = [slot === q.sqHead ? say("head") : "", slot === tail ? say("tail") : ""].filter(Boolean).join(", ");

		boxes.push(slotBox(slot, kind, `${slot} ${marks}`, from === undefined ? "·" :
			`${setup >= 0 ? opcodeName(q.qid, walk.field(setup, "opcode")) : "?"} ${hex(walk.steps[from][CID])}`,
		from === step));
	}
	return element("div", { class: "slots" }, ...boxes);
}

// Entries that the device's own log has by this step, though nobody looked yet.
function written(walk, q, step) {
	const list = walk.cqes.get(q.ctrl + ":" + q.qid) ?? [], slots = new Set();

	for (let k = lastBefore(list, step) + 1; k < list.length && slots.size < SLOTS; k++) {
		const c = walk.command(list[k]);

		if (!c || walk.stage(c, "dev_cqe", step) < 0)
			break;
		slots.add(walk.field(list[k], "slot"));
	}
	return slots;
}

function cqSlots(walk, q, step) {
	const slots = slotsOf(walk, walk.cqes.get(q.ctrl + ":" + q.qid), q, step), fresh = written(walk, q, step), boxes = [];
	const depth = q.cqDepth || (q.cqHead ?? 0) + SLOTS, head = q.cqHead ?? 0;
	const first = (head - Math.min(4, depth - 1) + depth) % depth;

	for (let k = 0; k < Math.min(SLOTS, depth); k++) {
		const slot = (first + k) % depth, from = slots.get(slot), isNew = fresh.has(slot);
		const before = k < distance(first, head, depth);
		const old = (q.phase ?? 1) ^ 1;
		// From the head on stands what the lap before left, zeroes in the first: the other tag.
		const tag = isNew ? (q.phase ?? 1) : from !== undefined && before ? walk.field(from, "phase") : old;

		boxes.push(slotBox(slot, isNew ? "new" : before && distance(q.freed ?? head, head, depth) >= distance(slot, head, depth) ? "given" : "",
			`${slot} ${slot === head ? say("head") : ""}`,
			`P=${tag} ${isNew ? say("slot_new") : from !== undefined && before ? hex(walk.steps[from][CID]) : "·"}`, from === step));
	}
	return element("div", { class: "slots" }, ...boxes);
}

// The doorbell's register: 0x1000 + (2 * queue + completion) * (4 << CAP.DSTRD).
function doorbellLine(state, q, cq, value, lit) {
	const cap = ctrlOf(state, q.ctrl).regs.CAP;
	const stride = cap === undefined ? 4 : 4 << Number(bits(cap, 35, 32));
	const name = cq ? `CQ${q.qid}HDBL` : `SQ${q.qid}TDBL`;

	return element("div", { class: "mono" + (lit ? " changed" : ""), style: "font-size:12px" },
		`${name} @ ${hex(0x1000 + (2 * q.qid + (cq ? 1 : 0)) * stride)} = ${value ?? "–"}`);
}

function ringTitle(name, depth) {
	return `${name}: ${depth ? depth + " " + say("entries") : say("depth_unknown")}`;
}

function drawRings(walk, state, step) {
	const q = state.queue ? state.queues[state.queue] : null;

	if (!q)
		return element("div", {}, say("no_queue"));
	const outstanding = q.tail === null ? 0 : distance(q.sqHead ?? 0, q.tail, q.sqDepth);
	const unrung = q.tail === null ? 0 : distance(q.rung ?? q.tail, q.tail, q.sqDepth);
	const fresh = written(walk, q, step).size;
	const sq = element("div", {}, element("b", {}, ringTitle("SQ", q.sqDepth)),
		circle(q.sqDepth, [[q.sqHead ?? 0, outstanding, "#8fb3ec"], [q.rung ?? 0, unrung, "#7cc494"]],
			[[q.sqHead, say("head"), "#b54708", false], [q.tail, say("tail"), "#18794e", true]], `${outstanding}`),
		doorbellLine(state, q, false, q.rung, q.sqBell === step), sqSlots(walk, q, step),
		legend([["#e3f4e8", "slot_copied"], ["#cfe0fb", "slot_given"], ["#fafbfc", "slot_free"]]));
	const cq = element("div", {}, element("b", {}, ringTitle("CQ", q.cqDepth)),
		circle(q.cqDepth, [[q.cqHead ?? 0, fresh, "#f5b26b"]], [[q.cqHead, say("head"), "#b54708", false]], `P=${q.phase ?? "?"}`),
		doorbellLine(state, q, true, q.freed, q.cqBell === step), cqSlots(walk, q, step),
		legend([["#ffe3c2", "slot_new"], ["#cfe0fb", "slot_taken"], ["#fafbfc", "slot_free"]]));

	return element("div", { class: "rings" }, sq, cq);
}

function legend(rows) {
	return element("div", { class: "legend" }, ...rows.map(([color, name]) =>
		element("span", {}, element("i", { style: `background:${color}` }), say(name))));
}
