// SPDX-License-Identifier: GPL-2.0
// Small helpers for the document. Text never becomes markup: a recording may say anything.

function element(tag, attributes, ...children) {
	const e = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			e.addEventListener(name.slice(2), value);
		else if (value !== null && value !== undefined && value !== false)
			e.setAttribute(name, value === true ? "" : value);
	}
	e.append(...children.filter((c) => c !== null && c !== undefined));
	return e;
}

function svg(tag, attributes, ...children) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attributes || {}))
		e.setAttribute(name, value);
	e.append(...children);
	return e;
}

function replace(parent, ...children) {
	parent.replaceChildren(...children.filter((c) => c !== null && c !== undefined));
}

function hex(v, digits) {
	return "0x" + BigInt(v).toString(16).padStart(digits || 1, "0");
}

// Three digits and a unit.
function duration(ns) {
	const units = ["ns", "µs", "ms", "s"];
	let u = 0;

	while (ns >= 999.5 && u < 3) {
		ns /= 1000;
		u++;
	}
	return (u && ns < 99.95 ? ns.toFixed(ns < 9.995 ? 2 : 1) : ns.toFixed(0)) + " " + units[u];
}

// Bits high..low of a BigInt.
function bits(value, high, low) {
	return (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
}
