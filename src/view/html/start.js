/* Puts the tools in, and opens what the address names: #s3 is session 3, #s3e120 event 120 in it. */

function route(moves) {
	const hit = /^#s(\d+)(?:e(\d+))?$/.exec(location.hash);
	if (!hit) return false;
	const session = Number(hit[1]), index = Number(hit[2] || 0);
	ladder_open(session, index);
	if (moves) {
		find("ladder").scrollIntoView({ block: "start" });
		ladder_select(ladder.selected, true);
		say(find("h-ladder").textContent + (index ? ", event " + index : ""));
	}
	return true;
}

function start() {
	document.body.append(spoken);
	find("page-tools").append(theme_button(), button("Print", () => print()));
	ladder_tools();
	lanes_tools();
	table_tools();
	addEventListener("hashchange", () => route(true));
	document.addEventListener("keydown", (press) => {
		if (press.key !== "/" || press.ctrlKey || press.metaKey || press.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(press.target.tagName)) return;
		press.preventDefault();
		find("event-search").focus();
	});
	/* A link to what is open already changes no address. */
	document.addEventListener("click", (click) => {
		const link = click.target.closest('a[href^="#s"]');
		if (link && link.getAttribute("href") === location.hash) route(true);
	});
	const worst = sessions.find((session) => session.worst && blocks.has(session.session)) || sessions.find((session) => blocks.has(session.session));
	if (!route(true)) ladder_open(worst ? worst.session : 0, 0);
	table_search();
}

start();
