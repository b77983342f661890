// SPDX-License-Identifier: GPL-2.0
// One command: where it is on its way, its 64 bytes field by field, its data, its answer.

function stageButtons(pane, c, step) {
	const w = pane.walk, buttons = [];

	DATA.stages.forEach((name, k) => {
		const s = c[C_AT + k];

		// Without the device's log its stages say nothing.
		if (s < 0 && name.startsWith("dev_"))
			return;
		const known = s >= 0 && (s <= step || !pane.predicting());

		buttons.push([known ? s : Infinity, element("button", { class: s === step ? "now" : s >= 0 && s <= step ? "past" : "", disabled: !known,
			title: known ? `${say("step")} ${s + 1}, ${duration(w.time[s])}` : say("not_yet"), onclick: () => pane.go(s) }, STRINGS.stages[k][language])]);
	});
	return element("div", { class: "stages" }, ...buttons.map(([, b]) => b));
}

function row(name, value, note, lit) {
	return element("tr", { class: lit ? "changed" : "" }, element("th", {}, name), element("td", { class: "mono" }, value), element("td", {}, note ?? ""));
}

// The dword's fields by the command's layout.
function dwordFields(layout, dword, value, next) {
	if (!layout)
		return "";
	const v = (BigInt(next ?? 0) << 32n) | BigInt(value);

	return layout[4].filter((f) => f[0] === dword && f[3] !== "CDW" + dword).map(([, high, low, name, en, zh]) => {
		const x = bits(v, high, low);

		return `${name}=${name === "CID" ? hex(x) : x} (${language ? zh : en})`;
	}).join(", ");
}

// CNS of Identify, and features, by name: a number alone tells little.
const CNS = { 0: "Identify Namespace", 1: "Identify Controller", 2: "Active Namespace ID list", 3: "Namespace Identification Descriptors",
	5: "Namespace, by command set", 6: "Controller, by command set", 8: "Namespace, independent of command set" };
const FEATURES = { 1: "Arbitration", 2: "Power Management", 4: "Temperature Threshold", 6: "Volatile Write Cache", 7: "Number of Queues",
	8: "Interrupt Coalescing", 11: "Asynchronous Event Configuration", 14: "Timestamp", 22: "Host Behavior Support" };

function meaning(qid, opcode, cdw10) {
	if (qid)
		return "";
	if (opcode === 6)
		return CNS[cdw10 & 0xff] ?? "";
	return opcode === 9 || opcode === 10 ? FEATURES[cdw10 & 0xff] ?? "" : "";
}

function commandTable(walk, c, setup, map, step) {
	const f = (name) => walk.field(setup, name), opcode = f("opcode"), qid = c[C_QID];
	const layout = DATA.commands.find((l) => l[0] === ((qid ? 0x100 : 0) | opcode));
	const sent = walk.kind(setup) === "cmd_sent", data = sent ? setup : map, lit = setup === step;
	const name = layout ? layout[2] : opcodeName(qid, opcode);
	const body = element("tbody", {},
		row("CDW0", `${hex(opcode, 2)} ${hex(f("flags"), 2)} ${hex(c[C_CID], 4)}`, `${name}, FUSE=${f("flags") & 3}, PSDT=${f("flags") >> 6}, CID=${hex(c[C_CID])}`, lit),
		row("NSID", String(f("nsid")), "", lit),
		row("PRP1", data >= 0 ? hex(walk.field(data, "dptr1")) : "–", data >= 0 ? "" : say("data_none"), data >= 0 && data === step),
		row("PRP2", data >= 0 ? hex(walk.field(data, "dptr2")) : "–", "", data >= 0 && data === step));

	for (let d = 10; d <= 15; d++) {
		const v = f("cdw" + d), note = dwordFields(layout, d, v, d === 10 ? f("cdw11") : 0);

		if (d === 11 && layout && layout[4].some((x) => x[0] === 10 && x[1] === 63))
			body.append(row("CDW11", hex(v, 8), "SLBA 63:32", lit));
		else if (v || note)
			body.append(row("CDW" + d, hex(v, 8), note + (d === 10 && meaning(qid, opcode, v) ? " " + meaning(qid, opcode, v) : ""), lit));
	}
	return element("div", {}, element("b", {}, name), " ", element("span", { class: "where" }, layout ? layout[3] : ""), element("table", {}, body));
}

function box(x, y, w, text, fill) {
	return [svg("rect", { x, y, width: w, height: 20, rx: 3, fill, stroke: "#98a2b3" }),
		svg("text", { x: x + w / 2, y: y + 14, "text-anchor": "middle", style: "font-size:10px" }, text)];
}

function wayTo(x0, y0, x1, y1) {
	return svg("path", { d: `M${x0},${y0} L${x1},${y1} m-6,-3 l6,3 l-6,3`, fill: "none", stroke: "#475467" });
}

// PRP entry 1 leads to a page, entry 2 to another or to a list.
function drawData(walk, map) {
	const how = walk.symbol(map, "how"), entries = walk.field(map, "entries"), lists = walk.field(map, "lists");
	const p1 = hex(walk.field(map, "dptr1")), p2 = hex(walk.field(map, "dptr2")), parts = [];

	if (how === "sgl" || how === "none")
		return element("div", {}, how === "none" ? say("data_none") : `SGL: ${entries}`);
	parts.push(...box(2, 4, 110, "PRP1 " + p1, "#cfe0fb"), wayTo(112, 14, 150, 14), ...box(150, 4, 70, "4 KiB", "#e3f4e8"));
	parts.push(...box(2, 30, 110, entries > 1 ? "PRP2 " + p2 : "PRP2 0", entries > 1 ? "#cfe0fb" : "#f6f8fb"));
	if (how === "prp2")
		parts.push(wayTo(112, 40, 150, 40), ...box(150, 30, 70, "4 KiB", "#e3f4e8"));
	if (how.startsWith("prp_")) {
		const shown = Math.min(entries - 1, 5);

		parts.push(wayTo(112, 40, 150, 40), ...box(150, 30, 92, `${say("list_of")} ${entries - 1}${lists > 1 ? " / " + lists : ""}`, "#ffe3c2"));
		for (let k = 0; k < shown; k++)
			parts.push(wayTo(242, 40, 268, 14 + k * 22), ...box(268, 4 + k * 22, 52, k === 4 && entries - 1 > 5 ? "…" : "4 KiB", "#e3f4e8"));
	}
	const high = how.startsWith("prp_") ? Math.max(56, 4 + Math.min(entries - 1, 5) * 22 + 4) : 56;

	return element("div", {}, svg("svg", { viewBox: `0 0 325 ${high}`, width: "100%", style: `max-height:${high * 1.2}px` }, ...parts),
		how.startsWith("prp_") ? element("div", { class: "where" }, say("not_recorded")) : null);
}

function answerTable(walk, c, entry, lit) {
	const f = (name) => walk.field(entry, name), status = f("status");
	const fields = DATA.entries[0][4].map(([, high, low, name, en, zh]) => `${name}=${bits(BigInt(status), high, low)}`).join(", ");

	return element("div", {}, element("b", {}, say("answer")), " ", element("span", { class: "where" }, "3.3.3.2"),
		element("table", {}, element("tbody", {},
			row("DW0, DW1", hex(f("result")), say("result"), lit),
			row("SQHD", String(f("sq_head")), say("head") + " SQ " + c[C_QID], lit),
			row("CID", hex(c[C_CID], 4), "", lit),
			row("P", String(f("phase")), say("phase"), lit),
			element("tr", { class: lit ? "changed" : "" }, element("th", {}, say("status")), element("td", { class: "mono" }, hex(status, 4)),
				element("td", { class: status & 0x7ff ? "bad-text" : "" }, `${statusText(status)}: ${fields}`)))));
}

// The step whose command is shown: this one, or the last before it that had one.
function commandStep(walk, step) {
	for (let i = step; i >= 0 && i > step - 400; i--)
		if (walk.command(i))
			return i;
	return -1;
}

function drawCommand(pane, step) {
	const walk = pane.walk, from = commandStep(walk, step), c = walk.command(from);

	if (!c)
		return element("div", {}, say("no_command"));
	const at = (name) => walk.stage(c, name, step), setup = at("command"), map = at("data"), entry = at("entry"), bad = at("end");

	return element("div", {}, from < step ? element("div", { class: "where" }, `${say("last_command")} ${from + 1}`) : null, stageButtons(pane, c, step),
		setup >= 0 ? commandTable(walk, c, setup, map, step) : null,
		map >= 0 ? drawData(walk, map) : null,
		entry >= 0 ? answerTable(walk, c, entry, entry === step) : null,
		bad >= 0 && walk.field(bad, "status") ? element("div", { class: "bad-text" }, walk.title(bad)) : null);
}
