"use strict";
/*
 * The state of Reflex pages over time: a slider over the updates; beside each other what the backend has sent until
 * then and what the page shows. Vars that the page never applied, and those that never came, are marked.
 */

/* Values after `count` updates: by var, what was sent, what is shown, and whether the last update sent it. */
function state_after(page, count) {
	const values = new Map();
	page.steps.slice(0, count).forEach(([, , vars], i) => {
		for (const each of vars) values.set(each[0], { sent: each[1], shown: each.length > 2 ? each[2] : each[1], behind: each.length > 2, changed: i === count - 1 });
	});
	return values;
}

function state_row(page, number, value) {
	const [substate, name, unknown] = page.vars[number];
	const shown = unknown ? [make("b", null, "never applied: "), "the frontend does not have it"]
		: !page.knows_frontend ? [make("span", { class: "faint" }, "not known")]
		: value.behind ? [value.shown === null ? "nothing" : value.shown, make("b", null, " (not applied)")] : [value.shown];
	return make("tr", { class: [unknown || value.behind ? "never" : "", value.changed ? "changed" : ""].join(" ").trim() || null },
		make("td", { class: "wrap" }, substate), make("td", { class: "wrap mono" }, name),
		make("td", { class: "wrap mono" }, value.sent), make("td", { class: "wrap mono" }, ...shown));
}

function state_missing(page) {
	return page.missing.map(([substate, name, initial]) => make("tr", { class: "never" }, make("td", { class: "wrap" }, substate),
		make("td", { class: "wrap mono" }, name), make("td", null, make("b", null, "never came")), make("td", { class: "wrap mono" }, initial)));
}

function state_page(host, page) {
	const body = host.querySelector("tbody"), text = host.querySelector("p.faint");
	const slider = make("input", { type: "range", min: page.steps.length ? 1 : 0, max: page.steps.length, value: page.steps.length, "aria-label": "Update of the page of session " + page.session });
	const only = make("input", { type: "checkbox" });
	const where = make("span", { class: "status" });
	const show = () => {
		const count = Number(slider.value), values = state_after(page, count), rows = [];
		for (const [number, value] of values) {
			const differs = page.vars[number][2] || value.behind;
			if (!only.checked || differs) rows.push(state_row(page, number, value));
		}
		body.replaceChildren(...state_missing(page), ...rows);
		if (!body.rows.length) body.append(make("tr", null, make("td", { colspan: "4", class: "faint" }, only.checked ? "Nothing differs." : "Nothing was sent yet.")));
		const step = page.steps[count - 1];
		slider.setAttribute("aria-valuetext", "update " + count + " of " + page.steps.length + (step ? ", " + time_text(step[1]) : ""));
		where.replaceChildren("update " + number_text(count) + " of " + number_text(page.steps.length) + (step ? ", " + time_text(step[1]) + ", " : ""),
			step ? make("a", { href: address_of(page.session, step[0]) }, "event " + step[0]) : "");
		back.disabled = count <= Number(slider.min);
		on.disabled = count >= page.steps.length;
	};
	const move = (by) => { slider.value = Number(slider.value) + by; show(); };
	const back = button("Update before", () => move(-1)), on = button("Next update", () => move(1));
	slider.addEventListener("input", show);
	only.addEventListener("change", show);
	text.textContent = plural(page.updates, "update", "updates") + (page.left_out ? "; the last " + number_text(page.left_out) + " are not in this file" : "") +
		". What the last one sent is marked.";
	text.after(make("div", { class: "slider tools" }, back, slider, on, where, make("label", { class: "check" }, only, "only what differs")));
	show();
}

section("reflex", (host, pages) => {
	for (const page of pages) {
		const place = host.querySelector('.state-page[data-session="' + page.session + '"]');
		if (place) state_page(place, page);
	}
});
