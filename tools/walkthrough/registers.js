// SPDX-License-Identifier: GPL-2.0
// Registers bit by bit, what has just changed lit; and the controller's state machine.

const ALWAYS = ["CAP", "VS", "CC", "CSTS", "AQA", "ASQ", "ACQ", "CMBLOC"];

function bitRow(value, old, bytes, high, low) {
	const row = element("div", { class: "bits" });

	for (let b = high; b >= low; b--) {
		const bit = bits(value, b, b), flipped = old !== undefined && bits(old, b, b) !== bit;

		row.append(element("span", { class: (bit ? "one" : "") + (flipped ? " flipped" : "") + (b % 4 === 3 ? " nibble" : ""), title: "bit " + b }, String(bit)));
	}
	return row;
}

function fieldSpan(field, value, old) {
	const [, high, low, name, en, zh] = field, v = bits(value, high, low);
	const changed = old !== undefined && bits(old, high, low) !== v;

	return element("span", { class: changed ? "changed" : "", title: `${name} ${high}:${low} ${language ? zh : en}` },
		`${name}=${v > 9n ? hex(v) : v} `, element("small", {}, language ? zh : en));
}

function registerBox(layout, value, old, touched) {
	const [offset, bytes, name, section, fields] = layout;

	if (value === undefined)
		return element("div", { class: "register" }, element("span", { class: "dim" }, `${name} (${hex(offset, 2)}): ${say("not_yet")}`));
	const changed = old !== value, small = name === "ASQ" || name === "ACQ";
	const box = element("div", { class: "register" },
		element("span", { class: "name" + (touched ? " changed" : "") }, name),
		element("span", { class: "mono" }, ` ${hex(offset, 2)}: ${hex(value, 2 * bytes)} `),
		element("span", { class: "dim" }, section));

	// With nothing known before, all of it is news but no bit has flipped.
	const before = changed ? old ?? 0n : undefined;

	if (!small) {
		for (let high = 8 * bytes - 1; high > 0; high -= 32)
			box.append(bitRow(value, before, bytes, high, high - 31));
	}
	box.append(element("div", { class: "fields" }, ...fields.filter((f) => touched || ["CC", "CSTS", "AQA"].includes(name) || bits(value, f[1], f[2])).map((f) => fieldSpan(f, value, before))));
	return box;
}

function drawRegisters(walk, state, before, step) {
	const ctrl = state.ctrls[state.ctrl], old = before.ctrls[state.ctrl];

	if (walk.stock)
		return element("div", {}, say("stock_registers"));
	if (!ctrl || !Object.keys(ctrl.regs).length)
		return element("div", {}, say("no_registers"));
	const isAccess = ["reg_read", "reg_write"].includes(walk.kind(step));
	const now = isAccess ? registerAt(walk.field(step, "offset")) : null;
	const rows = DATA.registers.filter((r) => ALWAYS.includes(r[2]) || ctrl.regs[r[2]] !== undefined);

	// The one of this step first, so that it need not be looked for.
	rows.sort((a, b) => (b === now) - (a === now));
	return element("div", {}, ...rows.map((r) => registerBox(r, ctrl.regs[r[2]], old ? old.regs[r[2]] : undefined, r === now)));
}

// Places of the states, and the ways between them that are legal (kmod/ctrl.c).
const STATE_AT = { new: [45, 24], resetting: [150, 24], connecting: [265, 24], live: [265, 84], deleting: [150, 84], dead: [45, 84], deleting_noio: [45, 134] };
const STATE_WAYS = [["new", "resetting"], ["resetting", "connecting"], ["connecting", "live"], ["live", "resetting"], ["live", "deleting"],
	["resetting", "deleting"], ["connecting", "deleting"], ["deleting", "dead"], ["deleting", "deleting_noio"], ["dead", "deleting_noio"]];

function stateWay(from, to, color, width) {
	const [x0, y0] = STATE_AT[from], [x1, y1] = STATE_AT[to];
	const dx = x1 - x0, dy = y1 - y0, cut = (w, h) => Math.min(Math.abs(w / (dx || 1e-6)), Math.abs(h / (dy || 1e-6)));
	const t = cut(46, 15), a = [x0 + dx * t, y0 + dy * t], b = [x1 - dx * t, y1 - dy * t];
	const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
	const wing = (s) => `${b[0] - 7 * Math.cos(angle + s)},${b[1] - 7 * Math.sin(angle + s)}`;

	return svg("g", {}, svg("line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1], stroke: color, "stroke-width": width }),
		svg("polygon", { points: `${b[0]},${b[1]} ${wing(0.45)} ${wing(-0.45)}`, fill: color }));
}

function drawMachine(walk, state, step) {
	const ctrl = state.ctrls[state.ctrl] ?? { state: null, from: null, refused: null };
	const now = ctrl.state ?? walk.firstState[state.ctrl], parts = [];
	const moving = step >= 0 && walk.kind(step) === "ctrl_state";

	for (const [a, b] of STATE_WAYS) {
		const taken = moving && !ctrl.refused && a === ctrl.from && b === ctrl.state;

		parts.push(stateWay(a, b, taken ? "#d97706" : "#c3cad8", taken ? 3 : 1.2));
	}
	for (const [name, [x, y]] of Object.entries(STATE_AT)) {
		const here = name === now, bad = name === "dead";
		const fill = here ? bad ? "#f7c5c7" : "#fff1b8" : name === ctrl.refused ? "#fbdcdc" : "#f6f8fb";

		parts.push(svg("rect", { x: x - 44, y: y - 13, width: 88, height: 26, rx: 13, fill, stroke: here ? "#d9a400" : "#c3cad8", "stroke-width": here ? 2.5 : 1 }));
		parts.push(svg("text", { x, y: y + 4, "text-anchor": "middle", style: here ? "font-weight:700" : "" }, name + (name === ctrl.refused ? " ✗" : "")));
	}
	return svg("svg", { viewBox: "0 0 312 152", width: "100%", style: "max-height:170px" }, ...parts);
}
