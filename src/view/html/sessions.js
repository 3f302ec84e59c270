/* All sessions over time: sorted, searched, a page of lanes at a time; a stretch of time, or one session, fills the
 * width. */

const SESSION_PAGE = 100;

const lanes = { from: 0, to: Math.max(1, report.span), page: 0, order: "findings", query: "", list: sessions };

const ORDERS = {
	findings: ["findings first", (a, b) => b.worst - a.worst || a.session - b.session],
	number: ["number", (a, b) => a.session - b.session],
	life: ["longest life", (a, b) => b.life - a.life],
	events: ["most events", (a, b) => b.up + b.down - a.up - a.down],
};

const lane_at = (ns) => (100 * (ns - lanes.from)) / (lanes.to - lanes.from);

function lane_rect(kind, from, to) {
	const x1 = Math.max(0, lane_at(from)), x2 = Math.min(100, lane_at(to));
	if (x2 < 0 || x1 > 100) return null;
	return draw("rect", { class: kind, x: x1 + "%", y: 5, width: Math.max(0.2, x2 - x1) + "%", height: 8, rx: 2 });
}

function lane_draw(session) {
	const parts = session.parts.length ? session.parts : [[session.first, "none"]];
	const picture = draw("svg", { class: "lane", width: "100%", height: 18, role: "img",
		"aria-label": "From " + time_text(session.begin) + ", for " + span_text(session.life) + (session.parts.length ? ", by " + session.parts.map((part) => part[1]).join(", then ") : "") });
	parts.forEach(([at, kind], i) => {
		const from = i ? at : session.first, to = i + 1 < parts.length ? Math.min(parts[i + 1][0], session.end) : session.end;
		const rect = from > to ? null : lane_rect(kind, from, to);
		if (rect) picture.append(rect);
	});
	for (const [at, kind, until, count] of session.marks) {
		if (lane_at(until) < 0 || lane_at(at) > 100) continue;
		const from = Math.max(0, lane_at(at)), width = Math.min(100, lane_at(until)) - from;
		if (width > 0.1) picture.append(draw("rect", { class: kind + " several", x: from + "%", y: 2, width: width + "%", height: 14 }, draw("title", null, count + " from " + time_text(at) + " to " + time_text(until))));
		picture.append(draw("rect", { class: kind, x: from + "%", y: 2, width: 2, height: 14 }));
		if (width > 0.1) picture.append(draw("rect", { class: kind, x: from + width + "%", y: 2, width: 2, height: 14 }));
	}
	for (const [at, severity] of session.found)
		if (lane_at(at) >= 0 && lane_at(at) <= 100) picture.append(draw("circle", { class: severity, cx: lane_at(at) + "%", cy: 9, r: 4.5 }));
	return picture;
}

function session_row(session) {
	const severity = SEVERITIES[session.worst - 1];
	const badge = session.worst ? make("span", { class: "badge " + severity }, session.findings, make("span", { class: "sr" }, (session.findings === 1 ? " finding" : " findings") + ", worst: " + severity)) : null;
	const cell = make("td", { class: "lane-cell" }, lane_draw(session));
	return make("tr", { id: "s" + session.session, class: session.session === ladder.session ? "chosen" : null },
		make("th", { scope: "row" }, make("a", { href: address_of(session.session) }, session.session), " ",
			button("zoom", () => lanes_zoom(session.first, session.last), { class: "plain", "aria-label": "Zoom to session " + session.session })),
		make("td", null, badge), make("td", { class: "ends" }, session.client + " → " + session.server), cell,
		make("td", { class: "num" }, span_text(session.life)), make("td", { class: "num" }, number_text(session.up)), make("td", { class: "num" }, number_text(session.down)),
		make("td", { class: "wrap" }, session.open ? (session.unknown ? "not confirmed by a server" : "still open at the end") : session.close + (session.unknown ? " (not confirmed by a server)" : "")));
}

function lanes_list() {
	const words = lanes.query.toLowerCase();
	const has = (session) => [session.session, session.sid, session.client, session.server, session.user, session.close].join(" ").toLowerCase().includes(words);
	lanes.list = sessions.filter((session) => session.first <= lanes.to && session.last >= lanes.from && (!words || has(session)));
	lanes.list.sort(ORDERS[lanes.order][1]);
	const most = Math.max(0, Math.ceil(lanes.list.length / SESSION_PAGE) - 1);
	lanes.page = Math.min(lanes.page, most);
}

function lanes_show() {
	lanes_list();
	const from = lanes.page * SESSION_PAGE, rows = lanes.list.slice(from, from + SESSION_PAGE);
	const body = find("session-table").tBodies[0];
	body.replaceChildren(...rows.map(session_row));
	if (!rows.length) body.append(make("tr", null, make("td", { colspan: "8" }, sessions.length ? "No session matches." : "No Engine.IO session in this capture.")));
	const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => make("span", null, "+" + span_text(lanes.from + share * (lanes.to - lanes.from))));
	find("session-table").querySelector(".axis").replaceChildren(...steps);
	const hidden = sessions.length - lanes.list.length;
	lanes.status.textContent = (rows.length < lanes.list.length ? number_text(from + 1) + " to " + number_text(from + rows.length) + " of " : "") +
		plural(lanes.list.length, "session", "sessions") + (report.of_sessions > sessions.length ? " (" + number_text(report.of_sessions - sessions.length) + " more are not in this file)" : "") + (hidden ? "; " + number_text(hidden) + " outside of this time or search" : "");
	pages_show(lanes, from, rows.length, lanes.list.length, SESSION_PAGE);
	const is_whole = lanes.from <= 0 && lanes.to >= report.span;
	lanes.whole.disabled = lanes.out.disabled = is_whole;
	find("session-note").hidden = true;
}

/* Shows this stretch of time, as far as it is in the report. */
function lanes_stretch(from, to) {
	lanes.from = Math.max(0, from);
	lanes.to = Math.min(Math.max(1, report.span), to);
	lanes_show();
}

/* A little is left on both sides, so that one sees where it ends. */
function lanes_zoom(from, to) {
	const beside = Math.max(1e6, (to - from) * 0.03);
	lanes_stretch(from - beside, to + beside);
	say("from " + time_text(lanes.from) + " to " + time_text(lanes.to) + ", " + lanes.status.textContent);
}

function lanes_scale(by) {
	const middle = (lanes.from + lanes.to) / 2, half = Math.max(1e5, ((lanes.to - lanes.from) * by) / 2);
	lanes_stretch(middle - half, middle + half);
}

/* Drawing over a lane with the mouse zooms to that time; the buttons do the same without one. */
function lanes_drag(body) {
	let begin = null;
	body.addEventListener("pointerdown", (press) => {
		const lane = press.target.closest(".lane-cell");
		begin = lane && press.pointerType === "mouse" ? { x: press.clientX, box: lane.querySelector("svg").getBoundingClientRect() } : null;
	});
	body.addEventListener("pointerup", (press) => {
		if (!begin || Math.abs(press.clientX - begin.x) < 8) return;
		const at = (x) => lanes.from + ((x - begin.box.left) / begin.box.width) * (lanes.to - lanes.from);
		lanes_stretch(...[at(begin.x), at(press.clientX)].sort((a, b) => a - b));
	});
}

function lanes_tools() {
	const search = make("input", { type: "search", autocomplete: "off", input: () => { lanes.query = search.value.trim(); lanes.page = 0; lanes_show(); } });
	const order = make("select", { change: () => { lanes.order = order.value; lanes.page = 0; lanes_show(); } },
		...Object.entries(ORDERS).map(([name, [words]]) => make("option", { value: name }, words)));
	lanes.status = make("span", { class: "status" });
	lanes.out = button("Zoom out", () => lanes_scale(2));
	lanes.whole = button("Whole time", () => lanes_stretch(0, Infinity));
	lanes.earlier = button("Previous page", () => { lanes.page--; lanes_show(); });
	lanes.later = button("Next page", () => { lanes.page++; lanes_show(); });
	for (const session of sessions) session.found = [];
	for (const [session, time, severity] of report.marks) session_of.get(session)?.found.push([time, severity]);
	find("timeline-tools").append(make("div", { class: "tools" },
		make("label", { class: "grow" }, "Find a session by sid, address, user or end", search), make("label", null, "Order of sessions", order),
		button("Zoom in", () => lanes_scale(0.5)), lanes.out, lanes.whole),
		make("div", { class: "tools" }, lanes.status, lanes.earlier, lanes.later));
	lanes_drag(find("session-table").tBodies[0]);
	lanes_show();
}
