// SPDX-License-Identifier: GPL-2.0
// Lanes from left to right. Only what is visible is drawn, and of that a mark for each pixel.

// Of a low window the lanes take less.
const LOW = window.innerHeight < 900;
const LABEL_WIDTH = 96, ROW = LOW ? 13 : 15, LANE_GAP = LOW ? 4 : 6;
const COLORS = { reg_read: "#98a2b3", reg_write: "#1f5fbf", ctrl_state: "#6d3bbd", sq_doorbell: "#18794e",
	cq_doorbell: "#18794e", cqe: "#b54708", cq_enter: "#c0262d", cq_exit: "#e2a1a4" };
// What the marks mean: as text, in which color, and what it is.
const MARKS = [["▬", "#abc6f2", "mark_phase"], ["▬", "#f7c5c7", "mark_failed"], ["❙", COLORS.reg_write, "mark_write"], ["❙", COLORS.reg_read, "mark_read"],
	["●", COLORS.ctrl_state, "mark_state"], ["▲", COLORS.sq_doorbell, "mark_doorbell"], ["❙", COLORS.cqe, "mark_entry"],
	["❙", COLORS.cq_exit, "mark_interrupt"], ["→", COLORS.sq_doorbell, "mark_way"], ["❙", "#c0262d", "mark_problem"]];
const PHASE_COLORS = ["#dbe7fb", "#c3d7f7", "#abc6f2", "#93b4ec", "#7ca3e6"];

class Timeline {
	constructor(pane, walk) {
		this.pane = pane;
		this.walk = walk;
		this.byTime = false;
		this.canvas = element("canvas", { height: 10 });
		this.root = element("div", { class: "panel timeline" }, this.canvas, element("div", { class: "legend marks" },
			...MARKS.map(([sign, color, name]) => element("span", {}, element("b", {}, sign), say(name)))));
		this.root.querySelectorAll(".marks b").forEach((b, i) => { b.style.color = MARKS[i][1]; });
		this.layLanes();
		this.from = 0; // in steps or ns, by axis
		this.span = Math.min(walk.n, 90);
		this.canvas.addEventListener("click", (e) => this.click(e));
		this.canvas.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
		this.canvas.addEventListener("pointermove", (e) => this.drag(e));
	}

	// Lanes that have something, each with rows for the nesting of its phases.
	layLanes() {
		const w = this.walk, used = new Set(), levels = new Map();

		for (const s of w.steps)
			used.add(s[LANE]);
		this.laneOfPhase = w.phases.map((p) => p[P_BEGIN] >= 0 ? w.steps[p[P_BEGIN]][LANE] : p[P_END] >= 0 ? w.steps[p[P_END]][LANE] : 0);
		w.phases.forEach((p, i) => levels.set(this.laneOfPhase[i], Math.max(levels.get(this.laneOfPhase[i]) ?? 0, p[P_LEVEL] + 1)));
		const order = [...used].sort((a, b) => this.rank(a) - this.rank(b)).slice(0, 24);
		let y = 6;

		this.lane = new Map();
		for (const l of order) {
			const rows = Math.min(levels.get(l) ?? 0, 6), height = (rows || 1) * ROW + 9;

			this.lane.set(l, { y, height, rows });
			y += height + LANE_GAP;
		}
		this.height = y + 14;
	}

	// Work first, then queues, interrupts, and the device below.
	rank(lane) {
		if (lane < LANE_IRQ)
			return lane;
		return lane >= LANE_QUEUES ? 10 + this.walk.lanes[lane][2] * 65536 + this.walk.lanes[lane][3] : 1e9 + lane;
	}

	length() {
		return this.byTime ? Math.max(this.walk.time[this.walk.n - 1], 1) : this.walk.n;
	}

	position(step) {
		return this.byTime ? this.walk.time[step] : step + 0.5;
	}

	x(step) {
		return LABEL_WIDTH + (this.position(step) - this.from) / this.span * (this.width - LABEL_WIDTH);
	}

	stepAt(x) {
		const p = this.from + (x - LABEL_WIDTH) / (this.width - LABEL_WIDTH) * this.span;

		if (!this.byTime)
			return Math.min(Math.max(Math.floor(p), 0), this.walk.n - 1);
		return this.firstFrom(p);
	}

	// The first step at or after this time.
	firstFrom(time) {
		let low = 0, high = this.walk.n - 1;

		while (low < high) {
			const middle = (low + high) >> 1;

			if (this.walk.time[middle] < time)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	click(e) {
		if (this.dragged)
			return;
		const x = e.offsetX, y = e.offsetY, near = this.stepAt(x);
		let best = near, distance = Infinity;

		// Of the steps around, one of the lane that was hit.
		for (let i = Math.max(near - 60, 0); i <= Math.min(near + 60, this.walk.n - 1); i++) {
			const l = this.lane.get(this.walk.steps[i][LANE]);
			const d = Math.abs(this.x(i) - x) + (l && y >= l.y && y <= l.y + l.height ? 0 : 12);

			if (d < distance)
				[best, distance] = [i, d];
		}
		this.pane.go(best);
	}

	wheel(e) {
		e.preventDefault();
		if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY))
			this.pan((e.deltaX || e.deltaY) / 800 * this.span);
		else
			this.zoom(e.deltaY > 0 ? 1.25 : 0.8, (e.offsetX - LABEL_WIDTH) / (this.width - LABEL_WIDTH));
	}

	drag(e) {
		this.dragged = e.buttons === 1 && (this.dragged || Math.abs(e.movementX) > 2);
		if (this.dragged)
			this.pan(-e.movementX / (this.width - LABEL_WIDTH) * this.span);
	}

	pan(by) {
		this.from = Math.min(Math.max(this.from + by, -this.span / 2), this.length() - this.span / 2);
		this.draw();
	}

	zoom(factor, around = 0.5) {
		const span = Math.min(Math.max(this.span * factor, this.byTime ? 1000 : 8), this.length() * 1.05);

		this.from += (this.span - span) * Math.min(Math.max(around, 0), 1);
		this.span = span;
		this.stayInside();
		this.draw();
	}

	toggleAxis() {
		const shown = this.span / this.length();

		this.byTime = !this.byTime;
		this.span = shown * this.length();
		this.from = this.position(Math.max(this.pane.step, 0)) - this.span / 2;
		this.show();
	}

	// Brings the current step into view.
	show() {
		const p = this.position(Math.max(this.pane.step, 0));

		if (p < this.from + this.span * 0.08 || p > this.from + this.span * 0.92)
			this.from = p - this.span * 0.35;
		this.stayInside();
		this.draw();
	}

	stayInside() {
		const margin = this.span * 0.02;

		this.from = Math.min(Math.max(this.from, -margin), Math.max(this.length() - this.span + margin, -margin));
	}

	draw() {
		const ratio = window.devicePixelRatio || 1;

		this.width = this.root.clientWidth || 800;
		this.canvas.width = this.width * ratio;
		this.canvas.height = this.height * ratio;
		this.canvas.style.height = this.height + "px";
		this.g = this.canvas.getContext("2d");
		this.g.scale(ratio, ratio);
		this.g.font = "11px 'DejaVu Sans','Noto Sans','Noto Sans CJK SC',sans-serif";
		this.marks = 0;
		this.drawLanes();
		this.drawPhases();
		this.drawSteps();
		this.drawArrows();
		this.drawCursor();
		this.drawLabels();
	}

	drawLanes() {
		for (const [, l] of this.lane) {
			this.g.fillStyle = "#f6f8fb";
			this.g.fillRect(LABEL_WIDTH, l.y, this.width - LABEL_WIDTH, l.height);
		}
	}

	drawLabels() {
		const g = this.g;

		g.fillStyle = "#ffffff";
		g.fillRect(0, 0, LABEL_WIDTH, this.height);
		for (const [id, l] of this.lane) {
			g.fillStyle = "#1c2330";
			g.textBaseline = "middle";
			g.fillText(this.walk.lanes[id][language], 8, l.y + l.height / 2, LABEL_WIDTH - 12);
		}
	}

	phaseEnd(p) {
		return p[P_END] >= 0 ? p[P_END] : this.walk.n - 1;
	}

	drawPhases() {
		const g = this.g, end = this.pane.known();

		this.walk.phases.forEach((p, i) => {
			const l = this.lane.get(this.laneOfPhase[i]);
			const begin = Math.max(p[P_BEGIN], 0);

			if (!l || p[P_LEVEL] >= l.rows || begin > end)
				return;
			const a = Math.max(this.x(begin), LABEL_WIDTH), b = Math.min(this.x(Math.min(this.phaseEnd(p), end)), this.width);

			if (b < LABEL_WIDTH || a > this.width)
				return;
			const y = l.y + 2 + p[P_LEVEL] * ROW;

			g.fillStyle = p[P_RESULT] && p[P_END] >= 0 && p[P_END] <= end ? "#f7c5c7" : PHASE_COLORS[Math.min(p[P_LEVEL], 4)];
			g.fillRect(a, y, Math.max(b - a, 1.5), ROW - 2);
			this.marks++;
			if (b - a > 34) {
				g.save();
				g.beginPath();
				g.rect(a, y, b - a - 2, ROW);
				g.clip();
				g.fillStyle = "#1c2330";
				g.textBaseline = "middle";
				g.fillText(symbolName(0, p[P_PHASE]), a + 3, y + ROW / 2 - 1);
				g.restore();
			}
		});
	}

	visible() {
		const low = this.byTime ? this.firstFrom(this.from) : Math.floor(this.from);
		const high = this.byTime ? this.firstFrom(this.from + this.span) : Math.ceil(this.from + this.span);

		return [Math.max(low - 1, 0), Math.min(high + 1, this.walk.n - 1)];
	}

	drawSteps() {
		const [low, high] = this.visible(), last = new Map();
		const stop = Math.min(high, this.pane.known());

		for (let i = low; i <= stop; i++) {
			const lane = this.walk.steps[i][LANE], x = this.x(i);
			const bad = this.walk.isProblem(i);

			if (x < LABEL_WIDTH || (!bad && x - (last.get(lane) ?? -9) < 1))
				continue;
			last.set(lane, x);
			this.drawMark(i, x, bad);
			this.marks++;
		}
	}

	drawMark(i, x, bad) {
		const g = this.g, l = this.lane.get(this.walk.steps[i][LANE]), name = this.walk.kind(i);

		if (!l || (!bad && (name === "phase_begin" || name === "phase_end")))
			return;
		const y = l.y + l.height;

		g.fillStyle = bad ? "#c0262d" : COLORS[name] ?? (name.startsWith("dev_") ? "#6d3bbd" : "#475467");
		switch (name) {
		case "sq_doorbell": case "cq_doorbell": // ▲
			g.beginPath();
			g.moveTo(x, y - 12);
			g.lineTo(x - 4.5, y - 2);
			g.lineTo(x + 4.5, y - 2);
			g.fill();
			break;
		case "ctrl_state":
			g.beginPath();
			g.arc(x, y - 5, 4, 0, 7);
			g.fill();
			break;
		case "reg_write": g.fillRect(x - 1, y - 11, 2.5, 10); break;
		default: g.fillRect(x - 0.75, y - (bad ? 12 : 8), bad ? 3 : 1.5, bad ? 11 : 7);
		}
	}

	// From doorbell over the device to the entry and its interrupt.
	drawArrows() {
		const w = this.walk, c = w.command(this.pane.step), [low, high] = this.visible();

		if (high - low < 250 && !this.pane.predicting())
			for (let i = low; i <= high; i++)
				if (w.kind(i) === "sq_doorbell" && w.command(i) && w.command(i) !== c)
					this.drawWay(w.command(i), "rgba(24,121,78,.28)", 1, high);
		if (c)
			this.drawWay(c, "#18794e", 1.8, this.pane.known());
	}

	drawWay(c, color, width, until) {
		const points = ["doorbell", "dev_cmd", "dev_cqe", "look", "entry"].map((name) => this.walk.stage(c, name, until)).filter((s) => s >= 0);

		for (let k = 0; k + 1 < points.length; k++)
			this.drawArrow(points[k], points[k + 1], color, width);
	}

	drawArrow(from, to, color, width) {
		const g = this.g, a = this.lane.get(this.walk.steps[from][LANE]), b = this.lane.get(this.walk.steps[to][LANE]);

		if (!a || !b)
			return;
		const x0 = this.x(from), x1 = this.x(to), y0 = a.y + a.height - 5, y1 = b.y + b.height - 5;

		if (Math.max(x0, x1) < LABEL_WIDTH || Math.min(x0, x1) > this.width)
			return;
		const direction = Math.atan2(y1 - y0, x1 - x0);

		g.strokeStyle = g.fillStyle = color;
		g.lineWidth = width;
		g.beginPath();
		g.moveTo(x0, y0);
		g.lineTo(x1, y1);
		g.stroke();
		g.beginPath();
		g.moveTo(x1, y1);
		g.lineTo(x1 - 8 * Math.cos(direction - 0.4), y1 - 8 * Math.sin(direction - 0.4));
		g.lineTo(x1 - 8 * Math.cos(direction + 0.4), y1 - 8 * Math.sin(direction + 0.4));
		g.fill();
		this.marks++;
	}

	drawCursor() {
		const g = this.g;

		if (this.pane.step < 0)
			return;
		const x = this.x(this.pane.step), lane = this.lane.get(this.walk.steps[this.pane.step][LANE]);

		g.strokeStyle = "#d9a400";
		g.lineWidth = 2;
		g.beginPath();
		g.moveTo(x, 0);
		g.lineTo(x, this.height - 12);
		g.stroke();
		if (lane && !this.pane.hidden) {
			g.strokeRect(x - 6, lane.y + lane.height - 14, 12, 14);
		}
		g.fillStyle = "#667085";
		g.textBaseline = "alphabetic";
		g.fillText(duration(this.walk.time[this.pane.step]), Math.min(Math.max(x - 20, LABEL_WIDTH), this.width - 60), this.height - 2);
	}
}
