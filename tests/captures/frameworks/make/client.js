// Clients of the field test in node: client.js WHAT URL [JSON OPTIONS]; engine 2 or 4 by "line".
const [what, url, json] = process.argv.slice(2);
const { seconds = 10, every = 1000, line = 4, ...options } = JSON.parse(json || "{}");
const io = require(line === 2 ? "sic2" : "socket.io-client");
const say = (...words) => console.log((Date.now() / 1000).toFixed(3), ...words);
const socket = io(url, { reconnectionDelay: 1000, reconnectionDelayMax: 2000, forceNew: true, ...options });
for (const name of ["connect", "disconnect", "connect_error"]) socket.on(name, (e) => say(name, e && e.message ? e.message : e));
for (const name of ["welcome", "answer", "said"]) socket.on(name, (data) => say("got", name, JSON.stringify(data)));
const kinds = {
	chat() { let n = 0; return setInterval(() => socket.connected && socket.emit("ask", ++n), every); },
	silent() {},
	big() { socket.on("connect", () => setTimeout(() => socket.emit("save", "x".repeat(30000), (a) => say("ack", a)), 500)); },
	kept() { socket.once("connect", () => socket.emit("save", "x".repeat(5000), (a) => say("ack", a))); return kinds.chat(); },
	insist() { socket.on("disconnect", (why) => why === "io server disconnect" && setTimeout(() => socket.connect(), 500)); },
	burn() { socket.once("connect", () => setTimeout(() => socket.emit("burn", { seconds: 14 }), 2000)); return kinds.chat(); },
	shapes() {
		socket.once("connect", () => {
			const said = (...what) => (a) => say("ack", ...what, a);
			socket.emit("save", { name: "a", count: 3 }, said(3));
			setTimeout(() => socket.emit("save", { name: "b", count: "4" }, said("4")), 1000);
			setTimeout(() => socket.emit("boom", said("boom")), 2000);
			setTimeout(() => socket.emit("save", { name: "c", count: 5 }, said(5)), 3000);
		});
		return kinds.chat();
	},
	slow() { socket.once("connect", () => { socket.emit("slow", (a) => say("ack", a)); socket.emit("save", { name: "a", count: 3 }, (a) => say("ack", a)); }); return kinds.chat(); },
	save() { socket.once("connect", () => socket.emit("save", { after: 6 }, (a) => say("ack", a))); return kinds.chat(); },
};
kinds[what]();
setTimeout(() => { socket.close(); setTimeout(() => process.exit(), 500); }, seconds * 1000);
