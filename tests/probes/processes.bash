# shellcheck shell=bash
# Demands on who is watched: by number, name, port and cgroup, and processes that come, go and replace each other.

numbers_that_name_no_process() {
	serve uvloop tcp
	local thread
	thread=$(find "/proc/$server/task" -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -name "$server" -printf '%f\n' | head -n 1)
	[ -n "$thread" ] || thread=none
	watch thread report -p "$thread"
	talk direct 3
	stop_watching "$watcher"
	stop_server
	says 'a thread is taken for its process' thread.err "is a thread of process $server"
	says 'and its events are seen' thread 'events: 3 to the server, 6 to the client'
	unshare --pid --fork --mount-proc "$sioscope" report -p 1 --duration 1s >"$work/inside" 2>&1
	says 'in a PID namespace it is said' inside 'a PID namespace'
}

# TLS of processes that begin while it watches: they are attached to as they come.
processes_that_come_later() {
	serve forking tls
	watch forked dump --show-secrets -p "$server"
	kill -USR1 "$server"
	await_probes "$(children_but "$server" '')"
	talk talk 5
	stop_watching "$watcher"
	stop_server
	compares 'a child that is forked later' truth "$work/truth" "$work/forked"
	for how in '--process python' "--port $((port + 2))"; do # the second that serves from here
		# shellcheck disable=SC2086 # words
		watch later dump --show-secrets $how
		serve asyncio tls
		await_probes "$server"
		talk direct 5
		stop_watching "$watcher"
		stop_server
		compares "a process that starts later, by $how" truth "$work/truth" "$work/later"
	done
	pgrep -P $$ -x sioscope >"$work/left"
	count 'no process stays behind' $((!$(wc -l <"$work/left"))) "$(cat "$work/left")"
}

choosing_whom() {
	serve asyncio tls
	watch port dump --port "${address#*:}"
	talk talk 3
	stop_watching "$watcher"
	says 'by port, of all processes' port '"name":"echoed"'
	watch name dump --process echo_server.py
	talk talk 3
	stop_watching "$watcher"
	says 'by name' name '"name":"echoed"'
	watch both dump --process python --process echo_client.py
	talk talk 3
	stop_watching "$watcher"
	count 'a connection of two ends is shown once' $((3 == $(grep -c '"name":"echoed"' "$work/both"))) "$(cut -c1-200 "$work/both")"
	watch words dump -p "$server" 'port 1'
	talk talk 3
	stop_watching "$watcher"
	count 'filter words' $((0 == $(wc -l <"$work/words"))) "$(head -c 300 "$work/words")"
	stop_server
	"$sioscope" dump --process no-such-server >"$work/later" 2>"$work/later.err" &
	watcher=$!
	await_watching "$watcher"
	stop_watching "$watcher"
	says 'nobody is called so yet' later.err 'those that start from now on are watched'
}

make_group() { # sets group; says otherwise that there is none
	group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/sioscope-test-$$
	{ [ "$group" != "/sioscope-test-$$" ] && mkdir -p "$group/below" 2>/dev/null; } || {
		skip 'no cgroup of version 2 can be made here'
		return 1
	}
}

end_group() {
	local each
	while read -r each; do
		echo "$each" >"${group%/*}/cgroup.procs"
	done < <(cat "$group/below/cgroup.procs" "$group/cgroup.procs")
	rmdir "$group/below" "$group"
}

# It is there already, it is moved there, or it begins there.
by_cgroup() {
	local group scheme
	make_group || return
	for scheme in tcp tls; do
		serve asyncio "$scheme"
		echo "$server" >"$group/cgroup.procs"
		watch report report --cgroup "sioscope-test-$$"
		talk talk 3
		stop_watching "$watcher"
		stop_server
		says "by cgroup, $scheme" report 'events: 3 to the server, 6 to the client'
	done
	serve asyncio tls
	watch moved report --cgroup "sioscope-test-$$"
	echo "$server" >"$group/below/cgroup.procs"
	await_probes "$server"
	talk talk 3
	stop_watching "$watcher"
	stop_server
	says 'by cgroup: one that is moved there' moved 'events: 3 to the server, 6 to the client'
	serve forking tls
	echo "$server" >"$group/below/cgroup.procs"
	watch forked report --cgroup "sioscope-test-$$"
	kill -USR1 "$server"
	await_probes "$(children_but "$server" '')"
	talk talk 3
	stop_watching "$watcher"
	stop_server
	says 'by cgroup: one that is forked there' forked 'events: 3 to the server, 6 to the client'
	end_group
}

watch_by() { # <-p or --port>
	if [ "$1" = -p ]; then set -- -p "$server"; else set -- --port "${address#*:}"; fi
	watch probe dump --show-secrets "$@"
}

workers_that_are_forked_later() {
	local how before
	for how in -p --port; do
		serve gunicorn tls
		before=$(children_but "$server" '')
		watch_by "$how"
		kill -HUP "$server"
		for _ in $(seq 100); do
			[ -d "/proc/${before%% *}" ] || break
			sleep 0.1
		done
		# shellcheck disable=SC2046 # numbers
		await_probes $(children_but "$server" "$before")
		talk talk 5
		stop_watching "$watcher"
		kill "$server"
		wait "$server" 2>/dev/null
		compares "$how: workers of gunicorn that are forked later" truth "$work/truth" "$work/probe"
	done
}

servers_that_reload() {
	local how before
	for how in -p --port; do
		touch "$work/reload.py"
		serve reload tls
		before=$(children_but "$server" '')
		watch_by "$how"
		echo >>"$work/reload.py"
		# shellcheck disable=SC2046 # numbers
		await_probes $(children_but "$server" "$before")
		talk talk 5
		stop_watching "$watcher"
		stop_server
		compares "$how: uvicorn --reload" truth "$work/truth" "$work/probe"
	done
	skip 'reflex run: it fetches a JavaScript runtime by itself, from no package manager'
}

two_processes_at_one_port() {
	local other
	serve reuseport tls
	watch probe dump --show-secrets --port "${address#*:}"
	other=$watcher
	watch processes report --json -p "$server"
	for _ in $(seq 8); do talk direct 2; done
	stop_watching "$watcher" "$other"
	kill "$(pgrep -P "$server")"
	stop_server
	compares 'two processes at one port' truth "$work/truth" "$work/probe" any
	same_json 'and each session has its own' processes '[.sessions[] | .process.pid] | unique | length' 2
}

sockets_that_are_inherited() {
	command -v systemd-socket-activate >/dev/null || { skip 'socket activation: no systemd-socket-activate is here'; return; }
	address_of tls
	rm -f "$work/truth"
	systemd-socket-activate -E "CERT=$CERT" -E "KEY=$KEY" -l "127.0.0.1:${address#*:}" "$python" tests/live/echo_server.py \
		inherited "$address" "$work/truth" >"$work/server" 2>&1 &
	server=$!
	sleep 1
	watch probe dump --show-secrets --port "${address#*:}"
	await_probes "$server" # whose first connection starts it
	talk talk 5
	stop_watching "$watcher"
	stop_server
	compares 'a server that is started by its first connection' truth "$work/truth" "$work/probe"
}

# Renamed, and watched from before its start.
a_bundle() {
	local made
	make_server nuitka || return
	cp -r "${made%/*}" "$work/bundle"
	mv "$work/bundle/bundled" "$work/bundle/my-app"
	watch probe dump --show-secrets --process my-app
	address_of tls
	rm -f "$work/truth"
	env -i CERT="$CERT" KEY="$KEY" "$work/bundle/my-app" asyncio "$address" "$work/truth" >"$work/server" 2>&1 &
	server=$!
	for _ in $(seq 150); do
		(: <"/dev/tcp/127.0.0.1/${address#*:}") 2>/dev/null && break
		sleep 0.1
	done
	await_probes "$server"
	talk talk 5
	stop_watching "$watcher"
	stop_server
	compares 'a Nuitka bundle that is renamed' truth "$work/truth" "$work/probe"
	rm -rf "$work/bundle"
}

programs_of_32_bits() {
	[ "$(uname -m)" = x86_64 ] || { skip '32 bits: not on this machine'; return; }
	cat >"$work/idle.c" <<-'END'
		/* nanosleep, for ever: 162 of i386 */
		static const int rest[2] = {0, 100000000};
		void _start(void)
		{
			for (;;)
				__asm__ volatile("int $0x80" : : "a"(162), "b"(rest), "c"(0) : "memory");
		}
	END
	gcc -m32 -nostdlib -static -fno-pic -fno-stack-protector -o "$work/idle" "$work/idle.c" 2>"$work/gcc" ||
		{ skip "32 bits: $(head -n 1 "$work/gcc")"; return; }
	"$work/idle" &
	server=$!
	watch report report -p "$server"
	stop_watching "$watcher"
	kill -0 "$server" 2>/dev/null || { skip '32 bits: this kernel does not run them'; return; }
	stop_server
	says 'a program of 32 bits: it is said' report 'is a program of 32 bits, of which probes see nothing: idle (process '
}
