// SPDX-License-Identifier: GPL-2.0
// One recording on the page: its timeline, its current step and what is so after it.

class Pane {
	constructor(walk, number) {
		this.walk = walk;
		this.number = number;
		this.step = 0;
		this.predict = false;
		this.hidden = false; // the current step, until it is asked for
		this.timeline = new Timeline(this, walk);
		this.range = element("input", { type: "range", min: 0, max: walk.n - 1, value: 0, "aria-label": "step", oninput: () => this.go(Number(this.range.value)) });
		this.count = element("span", { class: "count" });
		this.bar = element("div", { class: "bar" });
		this.panels = {};
		for (const name of ["step", "source", "registers", "machine", "queue", "command"])
			this.panels[name] = element("div", { class: "panel " + name });
		this.root = element("section", { class: "pane", onpointerdown: () => activate(this) },
			DATA.walks.length > 1 ? about(DATA.walks[number], "AB"[number] + ": ") : "", ...this.warnings(), this.timeline.root,
			element("div", { class: "columns" },
				element("div", {}, this.panels.step, this.panels.source),
				element("div", { class: "stack" }, this.panels.registers, this.panels.command),
				element("div", {}, this.panels.machine, this.panels.queue)));
		this.timeline.root.append(this.bar);
	}

	warnings() {
		const w = this.walk, texts = [];

		if (w.lost)
			texts.push(`${w.lost} ${say("lost")}`);
		if (w.left_out)
			texts.push(`${w.left_out} ${say("left_out")}`);
		if (w.cut)
			texts.push(`${say("cut")} ${w.cut}`);
		if (w.stock)
			texts.push(say("stock_source"));
		return texts.map((t) => element("div", { class: "warning" }, t));
	}

	predicting() {
		return this.predict;
	}

	// The last step that may be shown: what is still to come must not be given away.
	known() {
		return this.predict ? this.step - (this.hidden ? 1 : 0) : this.walk.n - 1;
	}

	drawBar() {
		const button = (name, f, on) => element("button", { onclick: f, class: on ? "on" : "" }, say(name));

		replace(this.bar,
			element("button", { onclick: () => this.go(0), title: say("first") }, "|◀"),
			element("button", { onclick: () => this.move(-1), title: say("back") }, "◀ " + say("back")),
			element("button", { onclick: () => this.move(1), title: say("next") }, say("next") + " ▶"),
			element("button", { onclick: () => this.go(this.walk.n - 1), title: say("last") }, "▶|"),
			this.range, this.count,
			button("along", () => this.along(1)), button("next_phase", () => this.nextPhase()), button("next_problem", () => this.nextProblem()),
			button("predict", () => this.togglePredict(), this.predict),
			button(this.timeline.byTime ? "axis_time" : "axis_steps", () => { this.timeline.toggleAxis(); this.drawBar(); }),
			element("span", { class: "pair" },
				element("button", { title: say("closer"), onclick: () => this.timeline.zoom(0.6) }, "+"), " ",
				element("button", { title: say("wider"), onclick: () => this.timeline.zoom(1.6) }, "−")));
	}

	go(step) {
		const was = this.step;

		this.step = Math.min(Math.max(step, 0), this.walk.n - 1);
		this.hidden = this.predict && this.step > was;
		this.draw();
		rememberStep();
	}

	move(by) {
		if (this.hidden && by > 0)
			this.reveal();
		else
			this.go(this.step + by);
	}

	reveal() {
		this.hidden = false;
		this.draw();
	}

	togglePredict() {
		this.predict = !this.predict;
		this.hidden = false;
		this.draw();
	}

	// The next step of the same command, or the one before.
	along(by) {
		const c = this.walk.command(this.step);

		if (!c) {
			this.move(by);
			return;
		}
		const steps = c.slice(C_AT).filter((s) => s >= 0).sort((a, b) => a - b);
		const next = by > 0 ? steps.find((s) => s > this.step) : steps.findLast((s) => s < this.step);

		if (next !== undefined)
			this.go(next);
	}

	nextPhase() {
		const next = this.walk.phaseStarts.find((s) => s > this.step);

		if (next !== undefined)
			this.go(next);
	}

	nextProblem() {
		for (let i = this.step + 1; i < this.walk.n; i++) {
			if (this.walk.isProblem(i)) {
				this.go(i);
				return;
			}
		}
		this.count.textContent = say("no_problem");
	}

	draw() {
		const known = this.hidden ? this.step - 1 : this.step;

		this.drawBar();
		this.range.value = this.step;
		this.count.textContent = `${say("step")} ${this.step + 1} ${say("of")} ${this.walk.n}, ${duration(this.walk.time[this.step])}`;
		this.before = this.walk.states.at(known - 1);
		this.state = this.walk.states.at(known);
		this.timeline.show();
		if (this.hidden)
			this.drawQuestion();
		else
			this.drawStep();
		this.drawState(Math.max(known, 0));
	}

	panel(name, title, ...content) {
		replace(this.panels[name], element("h2", {}, title), ...content);
	}

	drawQuestion() {
		this.panels.step.classList.remove("bad");
		this.panel("step", `${say("step")} ${this.step + 1}`,
			element("div", { class: "hidden-value" }, element("p", {}, say("guess")), element("button", { onclick: () => this.reveal() }, say("reveal"))));
		this.panel("source", say("source"), element("div", {}, "…"));
	}

	place(i) {
		const s = this.walk.steps[i], names = [];

		for (let p = s[PHASE]; p >= 0; p = this.walk.phases[p][P_PARENT])
			names.unshift(symbolName(0, this.walk.phases[p][P_PHASE]));
		const cpu = s[CPU] === 0xffff ? "" : `CPU ${s[CPU]}, `;

		return `${this.walk.lanes[s[LANE]][language]} · ${cpu}${duration(this.walk.time[i])}${names.length ? " · " + names.join(" › ") : ""}`;
	}

	fieldTable(i) {
		const names = Object.keys(KINDS[this.walk.steps[i][KIND]].fields);

		return element("table", {}, element("tbody", {}, ...names.map((n) => row(n, this.walk.shown(i, n)))));
	}

	drawStep() {
		const i = this.step, fact = this.walk.fact(i);
		const why = fact ? fact[1 + language] : say("no_fact");
		const section = !fact ? null : fact[0] ? (/^\d/.test(fact[0]) ? "NVMe Base 2.0c, " : "") + fact[0] : say("linux");

		this.panels.step.classList.toggle("bad", this.walk.isProblem(i));
		this.panel("step", `${say("step")} ${i + 1}: ${this.walk.kind(i)}`,
			element("div", { class: "title" }, this.walk.title(i)), element("div", { class: "where" }, this.place(i)),
			element("div", { class: "why" }, why), section ? element("span", { class: "section" }, section) : null, this.fieldTable(i));
		this.drawSource(i);
	}

	drawSource(i) {
		const at = this.walk.stock ? null : this.walk.source(i);

		if (!at) {
			this.panel("source", say("source"), element("div", {}, this.walk.stock ? say("stock_no_lines") :
				this.walk.kind(i).startsWith("dev_") ? say("device_source") : say("no_source")));
			return;
		}
		const [[file, name, first, text], lit] = at;
		const lines = text.replace(/\n$/, "").split("\n").map((line, k) => element("div", { class: first + k === lit ? "lit" : "" },
			element("span", { class: "number" }, String(first + k)), line.replace(/\t/g, "    ")));
		const pre = element("pre", { class: "source" }, ...lines);

		this.panel("source", `${say("source")}: kmod/${file}, ${name}()`, pre);
		const line = lines[lit - first];

		if (line)
			pre.scrollTop = line.offsetTop - pre.offsetTop - 120;
	}

	drawState(known) {
		const q = this.state.queue ? this.state.queues[this.state.queue] : null;

		this.panel("machine", say("machine") + (this.state.ctrl >= 0 ? ` nvme${this.state.ctrl}` : ""), drawMachine(this.walk, this.state, known));
		this.panel("registers", say("registers"), drawRegisters(this.walk, this.state, this.before, known));
		this.panel("queue", q ? `${say("queue")} nvme${q.ctrl} q${q.qid}` : say("queue"), drawRings(this.walk, this.state, known));
		this.panel("command", say("command"), drawCommand(this, known));
		// What the step is about stands above.
		this.panels.command.style.order = this.walk.command(known) ? 0 : 2;
		this.panels.registers.style.order = 1;
	}
}
