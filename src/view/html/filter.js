/*
 * The language of `sioscope check`, as far as one event can be asked in it: fields, text, words, numbers, durations,
 * comparisons, ~ !~ in, and or not, + - * /. What asks other rows (count, first, within, before, tables) needs the
 * whole capture: the filter says so, and which command knows.
 */

const field_words = new Map(report.fields.map(([name, , words]) => [name, words]));
const field_types = new Map(report.fields.map(([name, type]) => [name, type]));

class FilterError extends Error {}

const UNITS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, min: 6e10, h: 3.6e12 };
const SIZES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1048576, GiB: 1073741824 };
const OTHER_ROWS = ["count", "none", "some", "every", "first", "last", "min", "max", "sum", "mean", "p50", "p95", "p99",
	"sessions", "events", "findings", "within", "before", "after", "where"];

function filter_tokens(text) {
	const tokens = [];
	const pattern = /\s+|(\d+(?:\.\d+)?)(?:\s*(ns|us|ms|min|s|h|kB|MB|GB|KiB|MiB|GiB|B)\b)?|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([A-Za-z_][A-Za-z0-9_-]*)|(==|!=|<=|>=|!~|[<>~()[\],.+\-*/:])/gy;
	while (pattern.lastIndex < text.length) {
		const at = pattern.lastIndex, hit = pattern.exec(text);
		if (!hit) throw new FilterError("what is " + text.slice(at, at + 10) + "?");
		if (hit[1] !== undefined) {
			if (hit[2] === undefined) tokens.push({ value: { type: "number", of: Number(hit[1]) }, word: hit[0] });
			else if (hit[2] in UNITS) tokens.push({ value: { type: "duration", of: hit[1] * UNITS[hit[2]] }, word: hit[0] });
			else tokens.push({ value: { type: "number", of: hit[1] * SIZES[hit[2]] }, word: hit[0] });
		} else if (hit[3] !== undefined || hit[4] !== undefined)
			tokens.push({ value: { type: "text", of: (hit[3] ?? hit[4]).replace(/\\(.)/g, "$1") }, word: hit[0] });
		else if (hit[5]) tokens.push({ name: hit[5], word: hit[5] });
		else if (hit[6]) tokens.push({ sign: hit[6], word: hit[6] });
	}
	return tokens;
}

/* ---- values: { type, of }; null is NOTHING */

const NOTHING = { type: "null", of: null };
const of_json = (value) =>
	value === null || value === undefined ? NOTHING
	: typeof value === "boolean" ? { type: "bool", of: value }
	: typeof value === "number" ? { type: "number", of: value }
	: { type: "text", of: typeof value === "string" ? value : JSON.stringify(value) };
const of_duration = (ns) => (ns === undefined || ns === null ? NOTHING : { type: "duration", of: ns });

function ends_of(event) {
	const parts = /^(\[[^\]]*\]:\d+|[^-\[]*:\d+|unix:.*?|.*?)-(.*)$/.exec(event.conn || "");
	const session = session_of.get(event.session);
	return parts ? [parts[1], parts[2]] : session ? [session.client, session.server] : [null, null];
}

function hop_latency(event) {
	if (!event.legs) return NOTHING;
	const times = event.legs.map((leg) => time_of(leg.time));
	return of_duration(Math.max(0, ...times.map((time) => Math.abs(time - times[0]))));
}

const FIELDS = {
	session: (e) => of_json(e.session), sid: (e) => of_json(e.sid),
	client: (e) => of_json(ends_of(e)[0]), server: (e) => of_json(ends_of(e)[1]),
	transport: (e) => of_json(e.transport || "none"), bytes: (e) => of_json(e.bytes),
	age: (e) => (session_of.has(e.session) ? of_duration(e[AT] - session_of.get(e.session).begin) : NOTHING),
	index: (e) => of_json(e.index), conn: (e) => of_json(e.conn), packet: (e) => of_json(numbers_of(e)[0]),
	file: (e) => of_json(e.files ? e.files[0].file : undefined), file_packet: (e) => of_json(e.files ? e.files[0].packets[0] : numbers_of(e)[0]),
	dir: (e) => of_json(e.dir), type: (e) => of_json(e.type), nsp: (e) => of_json(e.nsp || null),
	name: (e) => of_json(e.name), ack: (e) => (e.ack === undefined || e.ack === null ? NOTHING : of_json(Number(e.ack))),
	method: (e) => of_json(e.method || null), target: (e) => of_json(e.target || null), status: (e) => of_json(e.status),
	stream: (e) => of_json(e.stream), code: (e) => of_json(e.type === "ws-close" ? e.code : null),
	reason: (e) => of_json(e.type === "ws-close" ? e.reason : null), how: (e) => of_json(e.how),
	layer: (e) => of_json(e.layer || null), why: (e) => of_json(["malformed", "gap", "tls"].includes(e.type) ? e.why : null),
	text: (e) => of_json(e.type === "log" ? e.text : null), answers: (e) => of_json(e.answers),
	incomplete: (e) => of_json(Boolean(e.incomplete || e.unreadable)), latency: (e) => of_duration(e.latency_ns),
	hop_latency, queued: (e) => of_duration(e.queued_us === undefined ? undefined : e.queued_us * 1e3),
	answered: (e) => of_json(e.answer !== undefined),
	data: (e) => (e.type === "event" && Array.isArray(e.data)
		? { type: "text", of: JSON.stringify(e.data).slice(1, -1) } : of_json(e.data)),
};

function data_at(event, path) {
	let at = event.data;
	if (event.type === "event" && Array.isArray(at) && typeof path[0] === "string") at = at[0];
	for (const step of path) {
		if (at === null || typeof at !== "object" || Array.isArray(at) !== (typeof step === "number")) return NOTHING;
		if (!Object.hasOwn(at, step)) return NOTHING;
		at = at[step];
	}
	return of_json(at);
}

/* ---- the parser: each returns a function of an event */

function filter_parse(text) {
	const tokens = filter_tokens(text);
	let at = 0;
	const is = (word) => tokens[at] && (tokens[at].sign === word || tokens[at].name === word);
	const take = (word) => is(word) && (at++, true);
	const want = (word) => {
		if (!take(word)) throw new FilterError(word + " is missing" + (tokens[at] ? " before " + tokens[at].word : " at the end"));
	};

	const or = () => many(and, "or", (left, right) => (e) => left(e) || right(e));
	const and = () => many(not, "and", (left, right) => (e) => left(e) && right(e));
	const many = (one, word, join) => {
		let left = one();
		while (take(word)) left = test_of(join(truth(left), truth(one())));
		return left;
	};
	const truth = (node) => {
		if (node.compares) return node;
		const test = (e) => { const value = node(e); return value.type === "bool" && value.of; };
		test.compares = true;
		return test;
	};
	const not = () => {
		if (!take("not")) return relation();
		const inner = truth(not());
		return test_of((e) => !inner(e));
	};
	const test_of = (test) => Object.assign(test, { compares: true });

	function relation() {
		const left = sum(null);
		const sign = tokens[at] && tokens[at].sign;
		if (["==", "!=", "<", "<=", ">", ">="].includes(sign)) {
			at++;
			return compare(sign, left, sum(left));
		}
		if (sign === "~" || sign === "!~") {
			at++;
			const pattern = tokens[at++];
			if (!pattern || !pattern.value || pattern.value.type !== "text") throw new FilterError("behind " + sign + " belongs a text in quotes");
			return match(sign === "!~", left, pattern.value.of);
		}
		const negated = is("not") && tokens[at + 1] && tokens[at + 1].name === "in" && (at++, true);
		if (take("in")) return among(left, Boolean(negated));
		if (is("before") || is("after")) throw other_rows(tokens[at].name);
		return left;
	}

	function compare(sign, left, right) {
		const types = [left.kind, right.kind];
		if (types.includes("duration") && types.includes("number") && (left.literal || right.literal) && left.kind !== "json" && right.kind !== "json")
			throw new FilterError("compare a duration with a duration: 500ms, 2s");
		if (left.kind === "time" || right.kind === "time") throw whole_capture("time");
		return test_of((e) => values_compare(sign, left(e), right(e)));
	}

	function match(negated, left, source) {
		let pattern;
		try {
			pattern = new RegExp(source.replace(/\[:(\w+):\]/g, (all, name) => POSIX[name] ?? all), "s");
		} catch {
			throw new FilterError("not a regular expression: " + source);
		}
		return test_of((e) => {
			const value = left(e);
			return (value.type === "text" && pattern.test(value.of)) !== negated;
		});
	}

	function among(left, negated) {
		const items = [];
		want("[");
		while (!take("]")) {
			items.push(value(left));
			if (!is("]")) want(",");
		}
		return test_of((e) => items.some((item) => values_compare("==", left(e), item(e))) !== negated);
	}

	const sum = (beside) => chain(() => product(beside), ["+", "-"]);
	const product = (beside) => chain(() => value(beside), ["*", "/"]);
	function chain(one, signs) {
		let left = one();
		while (tokens[at] && signs.includes(tokens[at].sign)) {
			const sign = tokens[at++].sign, before = left, right = one();
			left = (e) => arithmetic(sign, before(e), right(e));
			left.kind = before.kind === "duration" || right.kind === "duration" ? "duration" : "number";
		}
		return left;
	}

	function value(beside) {
		const token = tokens[at++];
		if (!token) throw new FilterError("something is missing at the end");
		if (token.sign === "(") {
			const inner = or();
			want(")");
			return inner;
		}
		if (token.sign === "-") {
			const inner = value(beside);
			return Object.assign((e) => { const v = inner(e); return { type: v.type, of: -v.of }; }, { kind: inner.kind });
		}
		if (token.value) return Object.assign(() => token.value, { kind: token.value.type, literal: true });
		if (!token.name) throw new FilterError("a value is missing before " + token.word);
		return named(token.name, beside);
	}

	/* A word of the field beside it, or a field, or a constant. */
	function named(name, beside) {
		if (name === "true" || name === "false") return Object.assign(() => ({ type: "bool", of: name === "true" }), { literal: true });
		if (name === "null") return Object.assign(() => NOTHING, { literal: true });
		if (beside && beside.words && beside.words.includes(name)) return Object.assign(() => ({ type: "text", of: name }), { kind: "text", literal: true });
		if (beside && beside.words && !field_types.has(name)) throw new FilterError(name + " is none of: " + beside.words.join(", "));
		if (field_types.has(name)) return field(name);
		if (OTHER_ROWS.includes(name)) throw other_rows(name);
		const near = nearest(name, [...field_types.keys()]);
		throw new FilterError("there is no field " + name + (near ? "; did you mean " + near + "?" : "; text belongs in quotes"));
	}

	function field(name) {
		const path = [];
		if (!(name in FIELDS)) throw whole_capture(name);
		while (is(".") || is("[")) {
			if (take(".")) path.push((tokens[at++] || {}).name || fail("a name is missing behind the dot"));
			else {
				at++;
				const step = tokens[at++];
				if (!step || !step.value) throw new FilterError("between [ and ] belongs a number or a text");
				path.push(step.value.of);
				want("]");
			}
		}
		if (path.length && name !== "data") throw new FilterError(name + " has no parts");
		const read = path.length ? (e) => data_at(e, path) : (e) => FIELDS[name](e);
		return Object.assign(read, { kind: path.length || name === "data" ? "json" : field_types.get(name), words: field_words.get(name) });
	}

	const whole = truth(or());
	if (at < tokens.length) throw new FilterError("what does " + tokens[at].word + " mean here?");
	return whole;
}

const POSIX = { alpha: "A-Za-z", digit: "0-9", alnum: "A-Za-z0-9", upper: "A-Z", lower: "a-z", space: "\\s", xdigit: "0-9A-Fa-f", punct: "!-\\/:-@\\[-`{-~" };

function fail(why) {
	throw new FilterError(why);
}

function other_rows(name) {
	return new FilterError("“" + name + "” asks more than one event, which this file cannot answer: sioscope check -e '…' can");
}

function whole_capture(name) {
	return new FilterError("“" + name + "” is not in this file: sioscope dump --where '…' knows it");
}

/* One or two letters are wrong. */
function nearest(name, words) {
	const distance = (a, b) => {
		let row = [...Array(b.length + 1).keys()];
		for (let i = 1; i <= a.length; i++) {
			const next = [i];
			for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
			row = next;
		}
		return row[b.length];
	};
	const [best] = words.map((word) => [distance(name, word), word]).sort((a, b) => a[0] - b[0]);
	return best && best[0] <= Math.max(1, name.length / 3) ? best[1] : null;
}

function values_compare(sign, left, right) {
	/* JSON has no durations: a number that is compared with a duration is in milliseconds. */
	if (left.type === "number" && right.type === "duration") right = { type: "number", of: right.of / 1e6 };
	const same = left.type === right.type, comparable = same && left.type !== "null";
	const order = !comparable ? 0 : left.of < right.of ? -1 : left.of > right.of ? 1 : 0;
	switch (sign) {
	case "==": return same && order === 0;
	case "!=": return !(same && order === 0);
	case "<": return comparable && order < 0;
	case "<=": return comparable && order <= 0;
	case ">": return comparable && order > 0;
	default: return comparable && order >= 0;
	}
}

function arithmetic(sign, left, right) {
	if (![left, right].every((each) => each.type === "number" || each.type === "duration")) return NOTHING;
	if (sign === "/" && right.of === 0) return NOTHING;
	const type = sign === "/" && left.type === right.type ? "number"
		: left.type === "duration" || right.type === "duration" ? "duration" : "number";
	const of = sign === "+" ? left.of + right.of : sign === "-" ? left.of - right.of : sign === "*" ? left.of * right.of : left.of / right.of;
	return { type, of };
}

/* { accepts: a function of an event, null for no filter } or { why }. */
function filter_read(text) {
	if (!text.trim()) return { accepts: null };
	try {
		return { accepts: filter_parse(text) };
	} catch (error) {
		if (error instanceof FilterError) return { why: error.message };
		throw error;
	}
}

function filter_help() {
	const known = report.fields.map(([name]) => name).filter((name) => name in FIELDS);
	return make("details", { class: "screen" }, make("summary", null, "How to filter"),
		make("p", { class: "mono" }, "type == event and name == \"join\" · latency > 500ms · data[0].room == \"lobby\" · bytes >= 10kB · status in [400, 502] · not answered and dir == \"c>s\" · target ~ \"transport=polling\""),
		make("p", null, "Fields: " + known.join(", ") + ". A missing value is null; null equals only null. Regular expressions are JavaScript’s, with the classes of POSIX."),
		make("p", null, "A filter here is asked about one event. What asks several (count, first, within, before) and time, pid, process and container need the capture: sioscope dump --where and sioscope check know them."));
}
