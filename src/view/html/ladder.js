/*
 * A session as a ladder: time runs down; client, hops and server are lines; each event is an arrow. At the left each
 * connection has a lane, at the right stand the findings. Rows are drawn a page at a time, since a session may have a
 * hundred thousand.
 */

const ROW = 30, PAUSE = 18, LADDER_PAGE = 300, LANES = 8, LANE = 11;

const ladder = { session: null, paper: 0, rows: [], page: 0, selected: 0, http: false, beats: false, only: false };

const is_beat = (event) => ["ping", "pong", "noop"].includes(event.type);
const is_plain = (event) => event.type === "http" && (event.status === 200 || event.status === 101) && !findings_at.has(event.index);
const is_bad = (event) => ["gap", "malformed", "tls", "connect-error"].includes(event.type) || event.status >= 400 ||
	(event.type === "http" && event.state && event.state !== "answered");

/* ---- rows: events, what stands for several, pauses; and the lane of each */

/* Lines of the log belong to no session: those of its time are shown with it. */
function ladder_events(session) {
	const list = events_of(session), about = session_of.get(session);
	if (!session || !about) return list;
	const lines = events_of(0).filter((event) => event.type === "log" && event[AT] >= about.first && event[AT] <= about.last + 1e9);
	if (!lines.length) return list;
	const place = (event) => (event.left_out ? Infinity : event.index);
	return [...list, ...lines].sort((a, b) => place(a) - place(b));
}

function ladder_build() {
	const rows = [], lanes = [], connections = new Map();
	let last = null;
	for (const event of ladder_events(ladder.session)) {
		if (event.left_out) {
			rows.push({ left_out: event.left_out, lane: -1, active: lanes.map(Boolean) });
			continue;
		}
		const lane = lane_of(lanes, connections, event);
		const active = lanes.map(Boolean);
		if (event.type === "tcp-close" && lane >= 0) lanes[lane] = null;
		const hidden = (is_plain(event) && !ladder.http) || (ladder.only && !is_wanted(event));
		if (hidden) continue;
		const before = rows[rows.length - 1];
		if (is_beat(event) && !ladder.beats && before && before.folded && before.lane === lane) {
			before.folded++;
			before.until = event[AT];
			continue;
		}
		rows.push({ event, lane, active, folded: is_beat(event) && !ladder.beats ? 1 : 0, pause: last === null ? 0 : event[AT] - last });
		last = event[AT];
	}
	Object.assign(ladder, { rows, connections });
}

/* A connection that has ended gives its lane to the next; those beyond the last lane share it. */
function lane_of(lanes, connections, event) {
	if (!event.conn) return -1;
	let known = connections.get(event.conn);
	if (!known || lanes[known.lane] !== event.conn) {
		let lane = lanes.findIndex((each) => each === null);
		const shared = lane < 0 && lanes.length === LANES;
		if (lane < 0) lane = shared ? LANES - 1 : lanes.length;
		lanes[lane] = event.conn;
		known = { lane, shared };
		connections.set(event.conn, known);
	}
	return known.lane;
}

/* ---- places */

let measuring = null;

function width_of(text, bold) {
	measuring = measuring || document.createElement("canvas").getContext("2d");
	measuring.font = (bold ? "600 " : "") + "12.5px " + getComputedStyle(document.body).fontFamily;
	return measuring.measureText(text).width;
}

function clip(text, width, bold) {
	if (width_of(text, bold) <= width) return text;
	let low = 0, high = text.length;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if (width_of(text.slice(0, middle) + "…", bold) <= width) low = middle;
		else high = middle - 1;
	}
	return low ? text.slice(0, low) + "…" : "";
}

/* Of an address the end says more: its port. */
function clip_front(text, width) {
	while (text.length > 5 && width_of(text) * 0.92 > width) text = "…" + text.slice(2);
	return text;
}

/* Client and server of each leg; of what belongs to no session, of one that is not known. */
const ladder_legs = () => (session_of.get(ladder.session) || { legs: [["", ""]] }).legs;

function ladder_places(width) {
	const legs = ladder_legs().length;
	const lanes = Math.max(1, ...ladder.rows.map((row) => row.active.length));
	const time = width > 600 ? 88 : 66, gutter = time + lanes * LANE + 12;
	const margin = width > 760 ? 172 : width > 480 ? 120 : 26;
	const left = gutter + 8, right = width - margin - 8;
	return { width, time, margin, lines: Array.from({ length: legs + 1 }, (unused, i) => left + ((right - left) * i) / legs), lane_x: (lane) => time + 6 + lane * LANE };
}

/* The first and the last of the lines that it passes. */
function ends_in(places, event) {
	const legs = ladder_legs();
	const leg_of = (conn) => Math.max(0, legs.findIndex(([, server]) => (conn || "").endsWith("-" + server)));
	const seen = legs.length > 1 ? (event.legs ? event.legs.map((leg) => leg_of(leg.conn)) : [leg_of(event.conn)]) : [0];
	/* Behind the first hop there may be several servers beside each other: they are all reached from it. */
	return [places.lines[seen.includes(0) ? 0 : 1], places.lines[Math.max(...seen) + 1]];
}

/* ---- one row */

function row_words(row) {
	if (row.left_out) return plural(row.left_out, "event is", "events are") + " not in this file";
	if (row.folded > 1) return "ping, pong × " + number_text(row.folded);
	return name_of(row.event);
}

function row_label(row) {
	const event = row.event;
	if (!event) return row_words(row);
	const findings = findings_at.get(event.index) || [];
	return [time_text(event[AT]), event.type === "log" ? "" : event.dir === "c>s" ? "client to server" : "server to client", row_words(row),
		size_text(event.bytes), event.latency_ns === undefined ? "" : "answered after " + span_text(event.latency_ns), origin_of(event),
		...findings.map((each) => each.severity + ": " + each.code)].filter(Boolean).join(", ");
}

/* What lies between the times at which it was seen on its legs. */
function hop_words(event) {
	if (!event.legs || event.legs.length < 2) return "";
	const times = event.legs.map((leg) => time_of(leg.time));
	return " · " + span_text(Math.max(...times) - Math.min(...times)) + " between legs";
}

function arrow(places, row, y, parts) {
	const event = row.event, [x1, x2] = ends_in(places, event), up = event.dir === "c>s";
	const kind = (is_bad(event) ? "bad " : "") + (up ? "up" : "down"), http = event.type === "http" || event.type === "ws-open" ? " http" : "";
	const tip = up ? x2 - 1 : x1 + 1, back = up ? -8 : 8;
	const more = (event.bytes ? " · " + size_text(event.bytes) : "") + (event.latency_ns === undefined ? "" : " · " + span_text(event.latency_ns)) + hop_words(event);
	const room = x2 - x1 - 16, name = clip(row_words(row), room, true), rest = room - width_of(name, true) > width_of(more) ? more : "";
	/* The lines of hops between do not go through the words. */
	const words = width_of(name, !is_beat(event)) + (rest ? width_of(rest) : 0);
	if (name) parts.push(draw("rect", { class: "row-back over", x: (x1 + x2) / 2 - words / 2 - 4, y: y + 4, width: words + 8, height: 15 }));
	parts.push(draw("line", { class: kind + http, x1: up ? x1 : x1 + 6, x2: up ? x2 - 6 : x2, y1: y + 22, y2: y + 22, "stroke-width": 1.6 }),
		draw("path", { class: kind, d: `M${tip} ${y + 22} l${back} -4 v8 z` }),
		draw("text", { x: (x1 + x2) / 2, y: y + 16, "text-anchor": "middle" },
			draw("tspan", { "font-weight": is_beat(event) ? 400 : 600 }, name), rest ? draw("tspan", { class: "faint", fill: "var(--faint)" }, rest) : null));
}

function note(places, row, y, parts) {
	const [x1, x2] = [places.lines[0], places.lines[places.lines.length - 1]];
	const bad = row.event && is_bad(row.event);
	parts.push(draw("rect", { class: "box" + (bad ? " bad" : ""), x: x1 + 4, y: y + 4, width: Math.max(0, x2 - x1 - 8), height: ROW - 8, rx: 4 }),
		draw("text", { x: (x1 + x2) / 2, y: y + 19, "text-anchor": "middle" }, clip(row_words(row), x2 - x1 - 24)));
}

function row_findings(places, row, y, parts) {
	const findings = (row.event && findings_at.get(row.event.index)) || [];
	if (!findings.length) return;
	const worst = findings.reduce((a, b) => (SEVERITIES.indexOf(b.severity) > SEVERITIES.indexOf(a.severity) ? b : a));
	const x = places.width - places.margin;
	parts.push(draw("circle", { class: worst.severity, cx: x + 8, cy: y + 17, r: 5 }));
	if (places.margin > 60)
		parts.push(draw("text", { class: worst.severity, x: x + 18, y: y + 21 }, clip(worst.code + (findings.length > 1 ? " +" + (findings.length - 1) : ""), places.margin - 26, true)));
}

function row_draw(places, row, i, y) {
	const parts = [draw("rect", { class: "row-back", x: 1, y: y + 0.5, width: places.width - 2, height: ROW - 1 })];
	row.active.forEach((active, lane) => {
		if (active) parts.push(draw("line", { class: "c" + lane, x1: places.lane_x(lane), x2: places.lane_x(lane), y1: y, y2: y + ROW, "stroke-width": 2 }));
	});
	if (row.lane >= 0) parts.push(draw("circle", { class: "c" + row.lane, cx: places.lane_x(row.lane), cy: y + 22, r: 4 }));
	for (const x of places.lines) parts.push(draw("line", { class: "life", x1: x, x2: x, y1: y, y2: y + ROW }));
	if (row.event) parts.push(draw("text", { class: "time", x: places.time - 4, y: y + 26, "text-anchor": "end" }, time_text(row.event[AT])));
	if (!row.event || ["log", "gap", "malformed"].includes(row.event.type)) note(places, row, y, parts);
	else arrow(places, row, y, parts);
	row_findings(places, row, y, parts);
	const like = !row.event || is_wanted(row.event);
	return draw("g", { class: "row" + (i === ladder.selected ? " selected" : "") + (like ? "" : " unlike"), role: "button", tabindex: i === ladder.selected ? 0 : -1,
		"data-row": i, click: () => ladder_select(i, true) }, draw("title", null, row_label(row)), ...parts);
}

function ladder_head(places) {
	const legs = ladder_legs();
	const names = [["client", legs[0][0].replace(/:\d+$/, "")], ...legs.map((leg, i) => [i === 0 && legs.length > 1 ? "proxy" : "server", leg[1]])];
	const head = draw("svg", { class: "ladder-head", width: places.width, height: 42, "aria-hidden": "true" });
	const room = (places.lines[places.lines.length - 1] - places.lines[0]) / Math.max(1, places.lines.length - 1) - 8;
	places.lines.forEach((x, i) => {
		const end = i === 0 ? "start" : i + 1 === places.lines.length ? "end" : "middle";
		const at = { x: i === 0 ? x - 4 : end === "end" ? x + 4 : x, "text-anchor": end };
		head.append(draw("text", { ...at, y: 17 }, names[i][0]));
		if (room > 70) head.append(draw("text", { ...at, y: 33, class: "faint" }, clip_front(names[i][1], room)));
	});
	head.append(draw("text", { class: "time", x: places.time - 4, y: 33, "text-anchor": "end" }, "time"));
	return head;
}

/* ---- the whole */

function ladder_draw() {
	const box = ladder.box, width = ladder.paper || Math.max(300, box.clientWidth || 300), places = ladder_places(width);
	const from = ladder.page * LADDER_PAGE, rows = ladder.rows.slice(from, from + LADDER_PAGE);
	const picture = make("div", { class: "ladder-rows", role: "group", "aria-label": "Ladder of session " + ladder.session + ", " + plural(ladder.rows.length, "row", "rows") + "; arrow keys move, Enter opens" });
	rows.forEach((row, i) => {
		const pause = row.pause > 2e9 ? PAUSE : 0, one = draw("svg", { width, height: pause + ROW });
		if (pause) {
			for (const x of places.lines) one.append(draw("line", { class: "life", x1: x, x2: x, y1: 0, y2: pause, "stroke-dasharray": "2 3" }));
			one.append(draw("text", { class: "faint", x: (places.lines[0] + places.lines[places.lines.length - 1]) / 2, y: 13, "text-anchor": "middle" }, span_text(row.pause) + " later"));
		}
		one.append(row_draw(places, row, from + i, pause));
		picture.append(make("div", { class: "ladder-row" }, one)); /* a picture each: a page of paper ends between them */
	});
	picture.addEventListener("keydown", ladder_key);
	box.replaceChildren(make("div", { class: "ladder-top" }, ladder_head(places)), picture);
	pages_show(ladder, from, rows.length, ladder.rows.length, LADDER_PAGE);
	ladder.where.textContent = ladder.rows.length ? "rows " + number_text(from + 1) + " to " + number_text(from + rows.length) + " of " + number_text(ladder.rows.length)
		: blocks.has(ladder.session) ? "no event of it is shown; the switches above hide some" : "the events of this session are not in this file";
	ladder_connections();
}

/* Paper has a width of its own. */
function ladder_print(is_paper) {
	ladder.paper = is_paper ? 680 : 0;
	if (ladder.session !== null) ladder_draw();
}

function ladder_connections() {
	const items = [...ladder.connections].slice(0, 12).map(([text, { lane, shared }]) =>
		make("li", null, draw("svg", { width: 14, height: 10, "aria-hidden": "true" }, draw("rect", { class: "c" + lane, width: 12, height: 8, rx: 2, y: 1 })), " " + text + (shared ? " (shares the last lane)" : "")));
	if (ladder.connections.size > 12) items.push(make("li", null, "and " + plural(ladder.connections.size - 12, "connection", "connections") + " more"));
	ladder.conns.replaceChildren(...items);
}

function ladder_select(i, focus) {
	if (i < 0 || i >= ladder.rows.length) return;
	const page = Math.floor(i / LADDER_PAGE);
	const before = ladder.box.querySelector(".row.selected");
	ladder.selected = i;
	if (page !== ladder.page) {
		ladder.page = page;
		ladder_draw();
	} else if (before) {
		before.classList.remove("selected");
		before.setAttribute("tabindex", "-1");
	}
	const row = ladder.box.querySelector('[data-row="' + i + '"]');
	if (row) {
		row.classList.add("selected");
		row.setAttribute("tabindex", "0");
		if (focus) row.focus({ preventScroll: false });
	}
	if (ladder.rows[i].event) detail_show(ladder.detail, ladder.rows[i].event, () => ladder_select(ladder.selected, true));
}

function ladder_key(press) {
	const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
	if (press.key in steps) {
		press.preventDefault();
		ladder_select(Math.min(ladder.rows.length - 1, Math.max(0, ladder.selected + steps[press.key])), true);
	} else if (press.key === "Enter" || press.key === " ") {
		press.preventDefault();
		ladder.detail.focus();
	}
}

/* Opens a session, at an event of it (0: its first finding, or its beginning). */
function ladder_open(session, index) {
	const is_new = ladder.session !== session;
	ladder.session = session;
	if (is_new) ladder_build();
	const shows = (row) => row.event && row.event.index === index;
	if (index && !ladder.rows.some(shows)) {
		const event = events_of(session).find((each) => each.index === index);
		if (event) {
			ladder.http ||= is_plain(event);
			ladder.beats ||= is_beat(event);
			ladder.only = false;
			ladder_switches();
			ladder_build();
		} else say("this event is not in the file");
	}
	let at = ladder.rows.findIndex(index ? shows : (row) => row.event && findings_at.has(row.event.index));
	if (at < 0) at = Math.max(0, ladder.rows.findIndex((row) => row.event));
	ladder.selected = at;
	ladder.page = Math.floor(at / LADDER_PAGE);
	ladder_title();
	ladder_draw();
	if (ladder.rows.length) ladder_select(at, false);
	else ladder.detail.replaceChildren(make("p", { class: "faint" }, "Nothing to show."));
	for (const each of document.querySelectorAll("#session-table tr.chosen")) each.classList.remove("chosen");
	const row = find("s" + session);
	if (row) row.classList.add("chosen");
}

function ladder_title() {
	const about = session_of.get(ladder.session);
	find("h-ladder").textContent = ladder.session ? "Ladder of session " + ladder.session : "Events of no session";
	ladder.about.textContent = visible(about ? [about.sid ? "sid " + about.sid : "its sid was not seen", about.client + " → " + about.server, about.software,
		about.user ? "for " + about.user : "", about.open ? "still open at the end" : about.close, "times since the capture began; the session began at " + time_text(about.begin)].filter(Boolean).join(" · ") : "lines of the log, and what belongs to no session");
	const at = ladder.order.indexOf(ladder.session);
	ladder.before.disabled = at <= 0;
	ladder.next.disabled = at < 0 || at + 1 >= ladder.order.length;
}

/* A filter or a switch has changed: the same event stays selected. */
function ladder_refresh() {
	if (ladder.session === null) return;
	const row = ladder.rows[ladder.selected], index = row && row.event ? row.event.index : 0;
	ladder_build();
	const at = ladder.rows.findIndex((each) => each.event && each.event.index >= index);
	ladder.selected = at < 0 ? 0 : at;
	ladder.page = Math.floor(ladder.selected / LADDER_PAGE);
	ladder_draw();
}

function ladder_switches() {
	for (const [name, box] of Object.entries(ladder.switches)) box.checked = ladder[name];
}

function ladder_tools() {
	const toggle = (name, words) => {
		ladder.switches[name] = make("input", { type: "checkbox", change: () => { ladder[name] = ladder.switches[name].checked; ladder_refresh(); } });
		return make("label", { class: "check" }, ladder.switches[name], words);
	};
	ladder.switches = {};
	ladder.order = [...sessions.map((each) => each.session), ...(blocks.has(0) ? [0] : [])];
	const go = (by) => { location.hash = address_of(ladder.order[ladder.order.indexOf(ladder.session) + by]); };
	const page = (by) => { ladder.page += by; ladder.selected = ladder.page * LADDER_PAGE; ladder_draw(); ladder_select(ladder.selected, true); };
	ladder.about = make("p", { class: "faint" });
	ladder.conns = make("ul", { class: "conns", "aria-label": "Connections, by the colour of their lane" });
	ladder.box = make("div", { class: "ladder-box" });
	ladder.detail = make("div", { class: "detail", tabindex: "-1", role: "region", "aria-label": "The chosen event" });
	ladder.before = button("Session before", () => go(-1));
	ladder.next = button("Next session", () => go(1));
	ladder.earlier = button("Earlier rows", () => page(-1));
	ladder.later = button("Later rows", () => page(1));
	ladder.where = make("span", { class: "status" });
	const link = button("Copy link", (click) => copy(location.href.split("#")[0] + address_of(ladder.session), click.target), { "aria-label": "Copy link to this session" });
	const lines = button("Copy events", (click) => copy(events_of(ladder.session).map((event) => JSON.stringify(event)).join("\n"), click.target),
		{ "aria-label": "Copy events of this session, a line of JSON each" });
	find("ladder-view").append(ladder.about,
		make("div", { class: "tools" }, ladder.before, ladder.next, link, lines, toggle("http", "HTTP requests"), toggle("beats", "each ping and pong"), toggle("only", "only what search and filter let through")),
		ladder.conns, make("div", { class: "split" }, make("div", null, ladder.box, make("div", { class: "tools" }, ladder.earlier, ladder.later, ladder.where)), ladder.detail));
	let width = 0;
	new ResizeObserver(() => {
		if (ladder.box.clientWidth === width) return;
		width = ladder.box.clientWidth;
		if (ladder.session !== null) ladder_draw();
	}).observe(ladder.box);
}
