// SPDX-License-Identifier: GPL-2.0
// #selftest: goes to every step, forwards and then by leaps backwards, and says on the page
// what it found. tests/walkthrough reads it with the browser's --dump-dom.

const problems = [];

window.addEventListener("error", (e) => problems.push(e.message));

function check(what, ok) {
	if (!ok)
		problems.push(what);
}

// A state must not depend on the way to it.
function sameFromAfar(walk, i, leaps) {
	const near = JSON.stringify(walk.states.at(i), (k, v) => typeof v === "bigint" ? String(v) : v);

	walk.states.last = { step: -1, state: freshState() };
	const begin = performance.now(), state = walk.states.at(i);

	leaps.push(performance.now() - begin);
	const far = JSON.stringify(state, (k, v) => typeof v === "bigint" ? String(v) : v);

	check(`state of step ${i + 1} depends on the way to it`, near === far);
}

function visitSteps(pane, times, leaps) {
	const n = pane.walk.n, every = n > 3000 ? Math.ceil(n / 400) : 1;

	for (let i = 0; i < n; i += every) {
		const begin = performance.now();

		pane.go(i);
		void document.body.offsetHeight; // what a browser does before it shows it
		times.push(performance.now() - begin);
		check(`step ${i + 1} has no title`, pane.panels.step.querySelector(".title")?.textContent);
		check(`step ${i + 1} is another on the page`, pane.count.textContent.includes(` ${i + 1} `));
		check(`step ${i + 1} shows a value that is none`, !/undefined|NaN|null/.test(pane.root.textContent.replace(/__null|NULL|null_|\bnull\b(?=[^:]*;)/g, "") && pane.panels.step.textContent + pane.panels.queue.textContent + pane.panels.command.textContent));
	}
	for (let i = n - 1; i >= 0; i -= Math.max(Math.floor(n / 60), 1))
		sameFromAfar(pane.walk, i, leaps);
}

// All steps' states, though not all are drawn where there are many.
function visitStates(walk) {
	for (let i = 0; i < walk.n; i++)
		check(`step ${i + 1} without a title`, walk.title(i).length);
	walk.cmds.forEach((c, k) => c.slice(C_AT).forEach((s) => check(`command ${k}: a stage beyond the last step`, s < walk.n)));
}

function visitPredict(pane) {
	pane.go(0);
	pane.togglePredict();
	pane.move(1);
	check("predict first hides nothing", pane.hidden && pane.panels.step.querySelector(".hidden-value"));
	pane.move(1);
	check("the next key does not show it", !pane.hidden && pane.step === Math.min(1, pane.walk.n - 1));
	pane.togglePredict();
	pane.timeline.toggleAxis();
	pane.go(pane.walk.n - 1);
	pane.timeline.toggleAxis();
}

function selftest() {
	const loaded = performance.now(), times = [], leaps = [], at = panes.map((p) => p.step);
	let steps = 0, marks = 0;

	for (const p of panes) {
		visitSteps(p, times, leaps);
		visitStates(p.walk);
		if (p.walk.n > 2)
			visitPredict(p);
		p.timeline.zoom(1e9);
		marks = Math.max(marks, p.timeline.marks);
		steps += p.walk.n;
	}
	panes.forEach((p, i) => p.go(at[i]));
	times.sort((a, b) => a - b);
	leaps.sort((a, b) => a - b);
	const result = { steps, visited: times.length, median_ms: times[times.length >> 1], worst_ms: times[times.length - 1],
		leap_ms: leaps[leaps.length >> 1], load_ms: loaded, marks, problems: problems.slice(0, 20) };

	const words = "selftest " + JSON.stringify(result);

	document.body.append(element("pre", { id: "selftest" }, words));
	// Firefox cannot show a page as text, but this.
	window.dump?.(words + "\n");
}
