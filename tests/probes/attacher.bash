# shellcheck shell=bash
# Demands on what attaches to libraries: it rests, it ends, it meets nobody else; and on privileges.

# Of what attaches to libraries: it rests while nothing happens, and ends with the program that began it.
stop_watching_all() { # <what>
	local attacher before used left=
	attacher=$(pgrep -P "$watcher" | head -n 1)
	before=$(ticks_of "$attacher")
	sleep 1
	used=$(($(ticks_of "$attacher") - before))
	stop_watching "$watcher"
	for _ in $(seq 30); do
		left=$(ps -o stat=,pid=,args= -p "${attacher:-0}" | grep -v '^Z') || break
		sleep 0.1
	done
	count "$1: what attaches is there" $((${attacher:-0} > 0))
	count "$1: what attaches rests while nothing happens" $((used < 50)) "$used hundredths in a second"
	count "$1: what attaches ends with it" $((!${#left})) "$left"
}

# However the program ends, and whatever what attaches is doing: here it does nothing any more.
an_end_without_a_word() {
	local how attacher left
	for how in INT KILL; do
		watch ended report --port "$port"
		attacher=$(pgrep -P "$watcher" | head -n 1)
		kill -STOP "${attacher:-0}"
		kill -"$how" "$watcher"
		wait "$watcher" 2>/dev/null
		for _ in $(seq 30); do
			left=$(ps -o stat=,pid=,args= -p "${attacher:-0}" | grep -v '^Z') || break
			sleep 0.1
		done
		count "ended by SIG$how: what attaches ends with it" $((${attacher:-0} > 0 && !${#left})) "$left"
		[ -z "$left" ] || kill -9 "$attacher"
	done
}

what_attaches_is_killed() {
	watch ended report --port "$port"
	kill -9 "$(pgrep -P "$watcher" | head -n 1)"
	stop_watching "$watcher"
	says 'the end of what attaches is reported' ended 'a TLS library could not be attached to'
}

# By two names, so that neither knows the other as its own kind.
two_at_once() {
	local first other attachers before used
	cp "$sioscope" "$work/another"
	watch first report --port "$port"
	first=$watcher
	"$work/another" report --port "$port" >"$work/second" 2>&1 &
	other=$!
	await_watching "$other"
	attachers="$(pgrep -P "$first" | head -n 1) $(pgrep -P "$other" | head -n 1)"
	sleep 1
	before=0 used=0
	for each in $attachers; do before=$((before + $(ticks_of "$each"))); done
	sleep 1
	for each in $attachers; do used=$((used + $(ticks_of "$each"))); done
	count 'two at once rest while nothing happens' $(($(wc -w <<<"$attachers") == 2 && used - before < 50)) \
		"$attachers: $((used - before)) hundredths in a second"
	stop_watching "$first" "$other"
}

# TLS of the same library, in a process that nobody has asked for.
others_meet_no_probe() {
	local how group beside=''
	"$python" - >"$work/beside" 2>&1 <<-'END' &
		import ssl, time
		tls, into, out = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
		while True:
		    over = tls.wrap_bio(into, out, server_hostname="localhost")
		    for call in (over.do_handshake, over.read, lambda: over.write(b"bytes")):
		        try:
		            call()
		        except ssl.SSLError:
		            pass
		    out.read()
		    time.sleep(0.01)
	END
	beside=$!
	make_group || group=''
	for how in -p --process --port ${group:+--cgroup}; do
		serve asyncio tls
		case $how in
		-p) watch report report -p "$server" ;;
		--process) watch report report --process echo_server.py ;;
		--port) watch report report --port "${address#*:}" ;;
		--cgroup)
			echo "$server" >"$group/cgroup.procs"
			watch report report --cgroup "sioscope-test-$$"
			;;
		esac
		talk talk 3
		has_met_a_probe "$server"
		count "$how: the server meets probes" $((!$?))
		stop_watching "$watcher"
		stop_server
		says "$how: all its events are seen" report 'events: 3 to the server, 6 to the client'
		has_met_a_probe "$beside"
		count "$how: nobody else does" $((!!$?))
	done
	kill "$beside"
	wait "$beside" 2>/dev/null
	[ -z "$group" ] || end_group
}

a_refusal_says_why() {
	(ulimit -n 8 && exec "$sioscope" report -p $$ --duration 1s) >"$work/refused" 2>&1
	says 'what libbpf says of a failure is shown' refused 'libbpf: failed to load'
}

without_privileges() {
	local own=$work/sioscope
	install -m 755 "$sioscope" "$own"
	su -s /bin/sh nobody -c "$own report -p $$" >"$work/refused" 2>&1
	says 'without capabilities it says which' refused 'setcap cap_bpf,cap_perfmon'
	if ! setcap cap_bpf,cap_perfmon,cap_sys_admin,cap_sys_ptrace,cap_dac_read_search+ep "$own" 2>/dev/null; then
		skip 'setcap is not there'
		return
	fi
	serve asyncio tls
	su -s /bin/sh nobody -c "exec $own report -p $server --duration 6s" >"$work/report" 2>&1 &
	watcher=$!
	sleep 3
	talk talk 3
	wait "$watcher"
	stop_server
	says 'with those that it names it works' report 'events: 3 to the server, 6 to the client'
}
