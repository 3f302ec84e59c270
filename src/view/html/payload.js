/* One event beside the ladder: what is known of it, its payload as a tree that folds, and what changed since the one
 * before it of the same name. Secrets were masked before they came into this file. */

const TREE_MOST = 100, DIFF_MOST = 200;

const kind_of = (value) => (value === null ? "null" : Array.isArray(value) ? "list" : typeof value);

function scalar(value) {
	const kind = kind_of(value);
	return make("span", { class: kind === "string" ? "s" : kind === "number" ? "n" : "c" }, kind === "string" ? JSON.stringify(value) : String(value));
}

/* What of a tree is built when it unfolds; paper needs it at once. */
const builders = new WeakMap();

/* How many there are is said in words: it is no value of the payload. */
function tree_count(value) {
	const count = Object.keys(value).length;
	return make("span", { class: "c" }, Array.isArray(value) ? "list of " + number_text(count) : plural(count, "member", "members"));
}

function tree_item(key, value, depth) {
	const label = key === null ? [] : [make("span", { class: "k" }, key), ": "];
	if (value === null || typeof value !== "object") return make("li", null, ...label, scalar(value));
	const entries = Object.entries(value), list = make("ul");
	const add = (from) => {
		for (const [name, each] of entries.slice(from, from + TREE_MOST)) list.append(tree_item(name, each, depth + 1));
		const next = from + TREE_MOST;
		if (next >= entries.length) return;
		const more = make("li", null, button(number_text(entries.length - next) + " more", () => { more.remove(); add(next); }));
		list.append(more);
	};
	const details = make("details", { open: depth < 3 && entries.length <= 40 }, make("summary", null, ...label, tree_count(value)), list);
	let built = false;
	const build = () => {
		if (!built && details.open) {
			built = true;
			add(0);
		}
	};
	details.addEventListener("toggle", build);
	builders.set(details, build);
	build();
	return make("li", null, details);
}

/* ---- differences: paths, with what was and what is */

function differences(before, after, path, found) {
	if (found.length > DIFF_MOST) return;
	const kinds = [kind_of(before), kind_of(after)];
	if (kinds[0] !== kinds[1] || !["list", "object"].includes(kinds[0])) {
		if (before !== after) found.push({ path, before, after });
		return;
	}
	for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
		const name = kinds[0] === "list" ? path + "[" + key + "]" : path ? path + "." + key : key;
		if (!Object.hasOwn(before, key)) found.push({ path: name, after: after[key] });
		else if (!Object.hasOwn(after, key)) found.push({ path: name, before: before[key] });
		else differences(before[key], after[key], name, found);
	}
}

const short = (value) => {
	const text = JSON.stringify(value);
	return text.length > 160 ? text.slice(0, 160) + "…" : text;
};

function diff_list(before, after) {
	const found = [];
	differences(before.data, after.data, "", found);
	if (!found.length) return make("p", { class: "faint" }, "The same payload.");
	const list = make("ul", { class: "diff" });
	for (const each of found.slice(0, DIFF_MOST)) {
		const path = each.path || "payload";
		if (each.before !== undefined) list.append(make("li", { class: "removed" }, "− " + path + ": " + short(each.before)));
		if (each.after !== undefined) list.append(make("li", { class: "added" }, "+ " + path + ": " + short(each.after)));
	}
	if (found.length > DIFF_MOST) list.append(make("li", null, "more than " + DIFF_MOST + " differences"));
	return list;
}

/* The event before it of the same kind, name and direction, in its session. */
function event_before(event) {
	let before = null;
	for (const each of events_of(event.session || 0)) {
		if (each.index >= event.index) break;
		if (!each.left_out && each.type === event.type && each.dir === event.dir && each.nsp === event.nsp && name_of(each) === name_of(event)) before = each;
	}
	return before;
}

/* ---- the panel */

const link_to = (session, index, words) => make("a", { href: address_of(session, index) }, words);

function detail_facts(event) {
	const list = make("dl"), session = event.session || 0, about = session_of.get(session);
	const add = (name, ...values) => list.append(make("dt", null, name), make("dd", null, ...values));
	add("Time", make("time", { datetime: event.time }, event.time.replace("T", " ").replace("Z", " UTC")),
		make("br"), time_text(event[AT]) + " since the capture began",
		...(about ? [make("br"), time_text(event[AT] - about.begin) + " since session " + session + " began"] : []));
	const numbers = numbers_of(event), origin = origin_of(event);
	for (const [words, own] of event.files ? event.files.map((each) => [origin_of({ files: [each] }), each.packets]) : origin ? [[origin, numbers]] : [])
		add("Where", words + " ",
			button("Copy", (click) => copy(own[0] === own[1] ? String(own[0]) : own.join("-"), click.target), { "aria-label": "Copy the numbers of " + words }),
			event.packets ? " " : null,
			event.packets ? button("Copy Wireshark filter", (click) => copy(own[0] === own[1] ? "frame.number == " + own[0]
				: "frame.number >= " + own[0] + " && frame.number <= " + own[1], click.target), { "aria-label": "Copy Wireshark filter of " + words }) : null);
	if (event.type !== "log") add("Direction", event.dir === "c>s" ? "client to server" : "server to client", event.transport ? ", by " + event.transport : "");
	if (event.conn) add("Connection", event.conn + (event.stream ? ", HTTP/2 stream " + event.stream : ""));
	for (const leg of (event.legs || []).slice(1)) {
		const apart = time_of(leg.time) - event[AT];
		add("Also on", leg.conn + ", " + origin_of(leg) + ", " + span_text(apart) + (apart < 0 ? " earlier" : " later"));
	}
	add("Size", size_text(event.bytes) + " on the wire");
	if (event.latency_ns !== undefined) add("Latency", span_text(event.latency_ns));
	if (event.queued_us) add("Waited", span_text(event.queued_us * 1e3) + " unread");
	if (event.answer) add("Answered by", link_to(session, event.answer, "event " + event.answer));
	if (event.answers) add("Answers", link_to(session, event.answers, "event " + event.answers));
	if (event.nsp) add("Namespace", event.nsp);
	if (event.ack) add("Ack id", event.ack);
	if (event.method) add("Request", event.method + " " + event.target);
	if (event.status) add("Status", String(event.status));
	for (const [name, words] of [["state", "State"], ["code", "Close code"], ["reason", "Reason"], ["how", "How"], ["layer", "Layer"], ["why", "Why"], ["text", "Line"]])
		if (event[name]) add(words, String(event[name]));
	if (event.incomplete) add("Note", "part of it was not captured");
	if (event.unreadable) add("Note", "compressed; it cannot be read without what came before");
	return list;
}

function detail_payload(event) {
	const parts = [];
	if (event.beginning !== undefined)
		parts.push(make("h4", null, "Payload"), make("p", { class: "note" }, "Too long for this file; its beginning:"), make("pre", null, event.beginning));
	else if (event.data !== undefined && event.data !== null && !(Array.isArray(event.data) && !event.data.length))
		parts.push(make("h4", null, "Payload ", button("Copy", (click) => copy(JSON.stringify(event.data, null, 2), click.target), { "aria-label": "Copy the payload" })),
			make("ul", { class: "tree" }, tree_item(null, event.data, 0)));
	if (event.raw) parts.push(make("h4", null, "Bytes that were not decoded"), make("p", { class: "mono" }, event.raw.slice(0, 2000)));
	const before = event.data === undefined ? null : event_before(event);
	if (before && before.data !== undefined && event.beginning === undefined && before.beginning === undefined)
		parts.push(make("h4", null, "What changed since ", link_to(event.session || 0, before.index, "event " + before.index)), diff_list(before, event));
	return parts;
}

function detail_show(panel, event, back) {
	const findings = findings_at.get(event.index) || [];
	panel.replaceChildren(
		make("h3", null, name_of(event)),
		...findings.map((each) => make("p", null, make("span", { class: "badge " + each.severity }, each.severity), " ", make("code", null, each.code))),
		detail_facts(event), ...detail_payload(event),
		make("p", null, button("Copy link", (click) => copy(location.href.split("#")[0] + address_of(event.session || 0, event.index), click.target)), " ",
			button("Copy as JSON", (click) => copy(JSON.stringify(event), click.target)), " ", button("Back to the ladder", back)));
}
