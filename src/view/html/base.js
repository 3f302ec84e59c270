"use strict";
/*
 * The report works without any of this: scripts add the ladder, search, zoom. Text from the capture is only ever put
 * into text nodes and attributes: nothing here makes markup of a string, and the policy in the head (Trusted Types) forbids it.
 */

/* ---- text: what steers or hides is shown as its escape, as base/text.c does (utf8_is_steering) in all other outputs */

const STEERING = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

function visible(text) {
	return text.replace(STEERING, (one) => one.codePointAt(0) > 0xffff ? "\\u{" + one.codePointAt(0).toString(16) + "}"
		: "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0"));
}

/* ---- elements */

function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value === null || value === undefined || value === false) continue;
		if (typeof value === "function") element.addEventListener(name, value);
		else element.setAttribute(name, value === true ? "" : visible(String(value)));
	}
	for (const child of children) if (child !== null && child !== undefined) element.append(child instanceof Node ? child : visible(String(child)));
	return element;
}

const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

const draw = (tag, attributes, ...children) =>
	fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const find = (id) => document.getElementById(id);

function button(words, click, attributes) {
	return make("button", { type: "button", click, ...attributes }, words);
}

/* ---- data */

function data(id) {
	const block = find("data-" + id);
	return block ? JSON.parse(block.textContent) : null;
}

const report = data("report");
/* What is empty or none is left out of the file. */
const SESSION = { sid: "", client: "", server: "", user: "", software: "", close: "", up: 0, down: 0, findings: 0, worst: 0 };
const sessions = data("sessions").map((each) => ({ ...SESSION, legs: [[each.client || "", each.server || ""]], ...each }));
const session_of = new Map(sessions.map((each) => [each.session, each]));

/* A plug-in's script shows its data in its section. */
function section(id, show) {
	const host = find(id), found = data(id);
	if (host && found) show(host, found);
}

/* Where the ladder shows it: an event, or (0) the session. */
const address_of = (session, index) => "#s" + session + (index ? "e" + index : "");

/* ---- numbers for people; times are nanoseconds since the report begins */

/* As base/timestamp.c writes them: the same number in every output. */
function span_text(ns) {
	const s = Math.abs(ns) / 1e9;
	if (s < 0.0995) return String(Number((s * 1e3).toPrecision(3))) + " ms";
	if (s < 1) return (s * 1e3).toFixed(0) + " ms";
	if (s < 120) return s.toFixed(1) + " s";
	return Math.floor(s / 60) + " min " + Math.floor(s % 60) + " s";
}

function time_text(ns) {
	const s = ns / 1e9;
	return (s < 0 ? "−" : "+") + Math.abs(s).toFixed(Math.abs(s) < 1000 ? 3 : 1) + " s";
}

function size_text(bytes) {
	if (bytes < 1000) return bytes + " B";
	if (bytes < 1e6) return (bytes / 1e3).toFixed(1) + " kB";
	return (bytes / 1e6).toFixed(1) + " MB";
}

const number_text = (number) => number.toLocaleString("en-US");

const plural = (count, one, many) => number_text(count) + " " + (count === 1 ? one : many);

/* ---- what every part may need */

const SEVERITIES = ["info", "warning", "error"];

/* The buttons of a list that is shown a page at a time: `shown` rows of `all` from this one on. */
function pages_show(list, from, shown, all, most) {
	list.earlier.hidden = list.later.hidden = all <= most;
	list.earlier.disabled = from === 0;
	list.later.disabled = from + shown >= all;
}

const spoken = make("p", { class: "sr", role: "status", "aria-live": "polite" });

/* For those who do not see that something changed. */
function say(words) {
	spoken.textContent = visible(words);
}

/* Browsers give the clipboard to files too, but not all of them. */
async function copy(text, origin) {
	let done = false;
	try {
		await navigator.clipboard.writeText(text);
		done = true;
	} catch {
		const area = make("textarea", { class: "sr", "aria-hidden": "true", tabindex: "-1" });
		area.value = text;
		document.body.append(area);
		area.select();
		done = document.execCommand("copy");
		area.remove();
	}
	say(done ? "copied: " + text.slice(0, 80) : "the browser does not allow copying");
	if (!origin) return;
	const before = origin.textContent;
	origin.textContent = done ? "copied" : "not allowed";
	origin.focus();
	setTimeout(() => (origin.textContent = before), 1200);
}

/* Runs `step` until it returns false, without keeping the page from answering. */
function in_slices(step) {
	return new Promise((resolve) => {
		const slice = () => {
			const end = performance.now() + 12;
			while (performance.now() < end) if (!step()) return resolve();
			setTimeout(slice, 0);
		};
		slice();
	});
}

/* ---- light and dark, print */

function theme_button() {
	const is_dark = () => {
		const chosen = document.documentElement.dataset.theme;
		return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	};
	const words = () => (is_dark() ? "Light" : "Dark");
	const toggle = button(words(), () => {
		document.documentElement.dataset.theme = is_dark() ? "light" : "dark";
		toggle.textContent = words();
		toggle.setAttribute("aria-label", words() + " colours");
	}, { "aria-label": words() + " colours" });
	return toggle;
}

/* Paper cannot unfold: all is open on it, to the leaves, and closed again afterwards. */
const unfolded = [];

addEventListener("beforeprint", () => {
	for (let closed; (closed = document.querySelector("main details:not([open]):not(.screen)"));) {
		closed.open = true;
		builders.get(closed)?.();
		unfolded.push(closed);
	}
	ladder_print(true);
});

addEventListener("afterprint", () => {
	for (const each of unfolded.splice(0)) each.open = false;
	ladder_print(false);
});
