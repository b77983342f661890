// SPDX-License-Identifier: GPL-2.0
// The page: one pane or two, keys, and links to steps (#step=12, of two panes #step=12,40).

let panes = [], active;

function activate(pane) {
	active = pane;
	for (const p of panes)
		p.root.classList.toggle("active", p === pane);
}

let remember;

// Not at each step: browsers refuse to note very many in a row.
function rememberStep() {
	clearTimeout(remember);
	remember = setTimeout(() => history.replaceState(null, "", "#step=" + panes.map((p) => p.step + 1).join(",")), 250);
}

function hashValue(name) {
	const found = new RegExp(`(?:^|[#&])${name}=([0-9,]+)`).exec(location.hash);

	return found ? found[1].split(",").map(Number) : null;
}

function goToHash() {
	const steps = hashValue("step");

	panes.forEach((p, i) => {
		const first = p.walk.first_io >= 0 ? p.walk.first_io : 0;

		p.step = Math.min(Math.max((steps && steps[i] ? steps[i] : first + 1) - 1, 0), p.walk.n - 1);
		p.hidden = false;
		p.draw();
	});
}

let keysShown = false;

// Which recording this is; with all that it says of itself, for whoever points at it.
function about(data, prefix = "") {
	const brief = ["kernel", "driver", "provider", "device_model", "command"].filter((k) => data.env[k]).map((k) => data.env[k]);
	const all = Object.entries(data.env).map(([k, v]) => `${k}: ${v}`).join("\n");

	return element("div", { class: "about", title: all }, prefix + [data.dir, ...brief].join(" · "));
}

function drawHeader() {
	const d = DATA.difference;

	document.documentElement.lang = language ? "zh" : "en";
	replace(document.getElementById("header"), element("h1", {}, say("title")), DATA.walks.length > 1 ? null : about(DATA.walks[0]),
		d ? element("div", { class: "difference" }, differenceText(d)) : null,
		d && d.any ? element("button", { onclick: goToDifference }, say("go_there")) : null,
		element("button", { title: say("keys"), onclick: () => { keysShown = !keysShown; drawHeader(); } }, "⌨"),
		element("button", { onclick: () => { language ^= 1; build(); } }, language ? "English" : "中文"),
		keysShown ? element("div", { class: "keys" }, say("keys")) : null);
}

function differenceText(d) {
	if (!d.any)
		return say("no_difference");
	return `${say("to_difference")} (${WALKS[0].lanes[d.lane][language]}): A: ${d.what[0][language] || say("nothing_more")}; B: ${d.what[1][language] || say("nothing_more")}`;
}

function goToDifference() {
	DATA.difference.step.forEach((s, i) => panes[i].go(s >= 0 ? s : panes[i].walk.n - 1));
}

const KEYS = {
	ArrowRight: (p) => p.move(1), j: (p) => p.move(1), ArrowLeft: (p) => p.move(-1), k: (p) => p.move(-1),
	PageDown: (p) => p.go(p.step + 20), PageUp: (p) => p.go(p.step - 20),
	Home: (p) => p.go(0), End: (p) => p.go(p.walk.n - 1),
	"]": (p) => p.along(1), "[": (p) => p.along(-1), n: (p) => p.nextPhase(), f: (p) => p.nextProblem(),
	p: (p) => p.togglePredict(), Enter: (p) => p.reveal(),
	t: (p) => { p.timeline.toggleAxis(); p.drawBar(); }, "+": (p) => p.timeline.zoom(0.6), "-": (p) => p.timeline.zoom(1.6),
	Tab: (p) => activate(panes[(panes.indexOf(p) + 1) % panes.length]),
};

function onKey(e) {
	const act = KEYS[e.key];

	// Buttons and the scrubber keep the keys that are theirs.
	if (!act || e.ctrlKey || e.altKey || e.metaKey || (e.key === "Tab" && panes.length < 2) ||
	    (e.key === "Enter" && e.target.tagName === "BUTTON"))
		return;
	e.preventDefault();
	act(active);
}

function build() {
	const steps = panes.map((p) => p.step);

	drawHeader();
	panes = DATA.walks.map((w, i) => new Pane(WALKS[i], i));
	const main = document.getElementById("panes");

	main.classList.toggle("two", panes.length > 1);
	replace(main, ...panes.map((p) => p.root));
	activate(panes[0]);
	panes.forEach((p, i) => { p.step = steps[i] ?? 0; });
	if (steps.length)
		panes.forEach((p) => p.draw());
	else
		goToHash();
}

let WALKS;

function start() {
	DATA = JSON.parse(document.getElementById("data").textContent);
	language = DATA.lang === "zh" ? 1 : 0;
	readKinds();
	WALKS = DATA.walks.map((w) => new Walk(w));
	build();
	document.addEventListener("keydown", onKey);
	window.addEventListener("hashchange", goToHash);
	window.addEventListener("resize", () => panes.forEach((p) => p.timeline.draw()));
	if (/[#&]selftest/.test(location.hash))
		selftest();
}
