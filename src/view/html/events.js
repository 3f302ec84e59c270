/*
 * The events of this file, a block of lines for each session (as `sioscope dump` writes them), parsed when they are
 * asked for. A line {"left_out": n} stands for n events that had no room.
 */

const blocks = new Map(
	[...document.querySelectorAll("script.events")].map((block) => [Number(block.dataset.session), block]));
const loaded = new Map();

const begin_ms = Date.parse(report.begin.slice(0, 19) + "Z");
const begin_ns = Number(report.begin.slice(20, 29));

/* Exact as long as the capture is shorter than a hundred days. */
function time_of(text) {
	return (Date.parse(text.slice(0, 19) + "Z") - begin_ms) * 1e6 + Number(text.slice(20, 29)) - begin_ns;
}

/* The events of a session; 0: those of none. What was computed of a line is behind symbols of our own: its members are
 * the file's. */
function events_of(session) {
	if (!loaded.has(session)) {
		const block = blocks.get(session);
		const list = block ? JSON.parse(block.textContent) : [];
		for (const event of list) if (!event.left_out) event[AT] = time_of(event.time);
		loaded.set(session, list);
	}
	return loaded.get(session);
}

const AT = Symbol("ns since the begin"), TEXT = Symbol("for the search");

/* Calls `take` with every event of the file, in slices. */
async function each_event(take) {
	const numbers = [...blocks.keys()].sort((a, b) => a - b);
	let at = 0, list = null, next = 0;
	await in_slices(() => {
		if (!list) {
			if (at === numbers.length) return false;
			list = events_of(numbers[at++]);
			next = 0;
		}
		for (let i = 0; i < 200 && next < list.length; i++, next++) if (!list[next].left_out) take(list[next]);
		if (next === list.length) list = null;
		return true;
	});
}

/* ---- an event in words */

function name_of(event) {
	if (event.type === "event") return event.label || (typeof event.name === "string" ? event.name : "event");
	let words = event.type;
	if (event.type === "http" || event.type === "ws-open")
		words = (event.type === "http" ? "" : "WebSocket ") + event.method + " " + (event.status || "no answer");
	else if (event.type === "ws-close") words += " " + event.code;
	else if (event.type === "tcp-close") words += " " + event.how;
	else if (event.type === "ack") words += " " + event.ack;
	else if (event.type === "gap") words = "gap" + (event.lost ? ", " + size_text(event.lost) + " missing" : "");
	else if (event.type === "log") words = "log: " + event.text;
	if (event.nsp && event.nsp !== "/") words += " " + event.nsp;
	return words;
}

const span_of = ([first, last], one, many) => (first === last ? one + " " + first : many + " " + first + "-" + last);

/* The end of a path that no other file has. */
const file_name = (path) => (report.files.find(([name]) => name === path) || [path, path])[1];

/* Of merged files by the numbers that each has: what Wireshark shows of it. */
function origin_of(event) {
	if (event.files) return event.files.map((each) => span_of(each.packets, "packet", "packets") + " of " + file_name(each.file)).join(" to ");
	for (const [key, one] of [["packets", "packet"], ["entries", "entry"], ["lines", "line"]])
		if (event[key]) {
			return span_of(event[key], one, key);
		}
	return "";
}

const numbers_of = (event) => event.packets || event.entries || event.lines || [0, 0];

/* What is beside its name: payload, target, reason. */
function rest_of(event) {
	if (event.beginning !== undefined) return event.beginning;
	if (event.data !== undefined && event.data !== null) return JSON.stringify(event.data);
	return event.why || event.reason || event.target || event.text || "";
}

function text_of(event) {
	if (event[TEXT] === undefined) event[TEXT] = (name_of(event) + " " + (event.name || "") + " " + rest_of(event)).toLowerCase();
	return event[TEXT];
}

/* ---- findings that name an event */

const findings_at = new Map();
for (const [event, code, severity] of report.findings) {
	const list = findings_at.get(event) || [];
	if (!list.some((each) => each.code === code)) list.push({ code, severity });
	findings_at.set(event, list);
}

/* ---- the table: search, filter, pages */

const TABLE_PAGE = 50;

const table = { query: "", filter: null, found: [], page: 0, run: 0, all: 0, order: "time" };

const TABLE_ORDERS = {
	time: ["time", (a, b) => a.index - b.index],
	latency: ["slowest answer first", (a, b) => (b.latency_ns ?? -1) - (a.latency_ns ?? -1) || a.index - b.index],
	size: ["largest first", (a, b) => b.bytes - a.bytes || a.index - b.index],
};

function table_sort() {
	table.found.sort(TABLE_ORDERS[table.order][1]);
	table.page = 0;
}

function table_row(event) {
	const session = event.session || 0, address = address_of(session, event.index);
	const opens = (click) => { if (!click.target.closest("a") && !getSelection().toString()) location.hash === address ? route(true) : (location.hash = address); };
	const where = session ? make("a", { href: address_of(session), "aria-label": "Session " + session }, String(session)) : "none";
	const direction = event.type === "log" ? "" : event.dir === "c>s" ? "to server" : "to client";
	const rest = rest_of(event);
	const at = table.query ? rest.toLowerCase().indexOf(table.query) : -1;
	const from = at > 120 ? at - 60 : 0;
	const what = make("td", { class: "wrap" }, ...marked(name_of(event), table.query), "  ",
		make("span", { class: "faint" }, ...marked((from ? "… " : "") + rest.slice(from, from + 200) + (rest.length > from + 200 ? "…" : ""), table.query)));
	return make("tr", { class: "opens", click: opens },
		make("td", null, make("a", { href: address, "aria-label": name_of(event) + " at " + time_text(event[AT]) + ", in the ladder" }, time_text(event[AT]))),
		make("td", null, where), make("td", null, origin_of(event)),
		make("td", null, direction), what, make("td", { class: "num" }, event.bytes ? size_text(event.bytes) : ""),
		make("td", { class: "num" }, event.latency_ns === undefined ? "" : span_text(event.latency_ns)));
}

/* The text with what was searched for marked. */
function marked(text, query) {
	if (!query) return [text];
	const parts = [], low = text.toLowerCase();
	if (low.length !== text.length) return [text];
	let from = 0;
	for (let at = low.indexOf(query); at >= 0; at = low.indexOf(query, from)) {
		parts.push(text.slice(from, at), make("mark", null, text.slice(at, at + query.length)));
		from = at + query.length;
	}
	parts.push(text.slice(from));
	return parts;
}

function table_show() {
	const body = find("event-table").tBodies[0];
	const from = table.page * TABLE_PAGE, rows = table.found.slice(from, from + TABLE_PAGE);
	body.replaceChildren(...rows.map(table_row));
	if (!rows.length) body.append(make("tr", null, make("td", { colspan: "7" }, "No event of this file matches.")));
	const is_all = table.found.length === table.all;
	table.status.textContent = (is_all ? plural(table.all, "event", "events")
		: number_text(table.found.length) + " of " + plural(table.all, "event", "events")) +
		(report.of_events > table.all ? " in this file (" + number_text(report.of_events - table.all) + " more are not in it)" : "") +
		(rows.length < table.found.length ? "; " + number_text(from + 1) + " to " + number_text(from + rows.length) + " shown" : "");
	pages_show(table, from, rows.length, table.found.length, TABLE_PAGE);
	find("table-note").hidden = true;
}

/* What a filter lets through; the search and the ladder ask it too. */
function is_wanted(event) {
	return (!table.filter || table.filter(event)) && (!table.query || text_of(event).includes(table.query));
}

async function table_search() {
	const run = ++table.run, found = [];
	let all = 0;
	table.status.textContent = "searching …";
	await each_event((event) => {
		all++;
		if (run === table.run && is_wanted(event)) found.push(event);
	});
	if (run !== table.run) return;
	Object.assign(table, { found, all });
	table_sort();
	table_show();
	say(table.status.textContent);
	ladder_refresh();
}

function table_tools() {
	const wrong = make("p", { class: "wrong", id: "filter-wrong" });
	let waiting = 0;
	const later = (work) => {
		clearTimeout(waiting);
		waiting = setTimeout(work, 250);
	};
	const search = make("input", { type: "search", id: "event-search", autocomplete: "off", spellcheck: "false", input: () => later(() => {
		table.query = search.value.trim().toLowerCase();
		table_search();
	}) });
	const filter = make("input", { type: "text", id: "event-filter", autocomplete: "off", spellcheck: "false",
		placeholder: "type == event and latency > 100ms", "aria-describedby": "filter-wrong", input: () => later(() => {
			const { accepts, why } = filter_read(filter.value);
			wrong.textContent = why || "";
			filter.setAttribute("aria-invalid", why ? "true" : "false");
			if (why) return;
			table.filter = accepts;
			table_search();
		}) });
	table.status = make("p", { class: "status", id: "event-status" });
	table.earlier = button("Earlier", () => { table.page--; table_show(); });
	table.later = button("Later", () => { table.page++; table_show(); });
	const order = make("select", { change: () => { table.order = order.value; table_sort(); table_show(); } },
		...Object.entries(TABLE_ORDERS).map(([name, [words]]) => make("option", { value: name }, words)));
	find("event-tools").replaceChildren(
		make("div", { class: "tools" },
			make("label", { class: "grow" }, "Search names and payloads", search),
			make("label", { class: "grow" }, "Filter, in the language of sioscope check", filter),
			make("label", null, "Order of events", order),
			button("Clear", () => {
				search.value = filter.value = wrong.textContent = table.query = "";
				table.filter = null;
				table_search();
			})),
		wrong, filter_help(),
		make("div", { class: "tools" }, table.status, table.earlier, table.later));
}
