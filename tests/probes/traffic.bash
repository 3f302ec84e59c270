# shellcheck shell=bash
# Demands on what is seen: each server, each kind of call and connection, wherever the watch begins.

servers_and_ways() {
	for kind in asyncio uvloop aiohttp node; do
		for scheme in tcp unix tls; do
			the_same_as_the_application "$kind" "$scheme" talk 10
		done
	done
	the_same_as_the_application asyncio tcp squeeze 10
	the_same_as_the_application uvloop tls squeeze 10
	the_same_as_the_application node unix squeeze 10
	the_same_as_the_application uvloop tcp poll 10
	the_same_as_the_application asyncio unix poll 10
}

# Of hundreds of small pieces in one call none is missed.
calls_with_many_pieces() {
	the_same_as_the_application node tcp burst 20000
	the_same_as_the_application node unix burst 5000
}

# Calls that take nothing from the stream return 0, as the one does that meets the peer's end.
calls_that_return_nothing() {
	the_same_as_the_application raw-zerocopy tcp direct 20
	serve raw-zerocopy tcp
	watch report report -p "$server"
	talk direct 20
	stop_watching "$watcher"
	stop_server
	says 'a queue of errors that is asked is no end' report 'No problems found'
	count 'nor is the session left open' $((0 == $(grep -c 'still open' "$work/report"))) "$(cat "$work/report")"
}

# A unix socket ends with its last descriptor; a connection is of the process that goes on with it.
sockets_that_are_passed_on() {
	local worker
	the_same_as_the_application raw-dup unix direct 10
	serve raw-handoff tcp
	watch passed report --json -p "$server"
	talk direct 10
	worker=$(pgrep -P "$server")
	stop_watching "$watcher"
	kill "$worker"
	stop_server
	same_json 'passed on to another process: all events, and of that process' passed \
		'.sessions[0] | [.process.pid, .events."c>s", .events."s>c"]' "[$worker,10,20]"
}

in_the_middle_of_a_frame() {
	serve raw-halves tcp
	timeout 60 "$python" tests/live/echo_client.py "$address" direct 6 >"$work/client" 2>&1 &
	local client=$!
	for _ in $(seq 300); do # until half of it is sent
		grep -q '"n": 2' "$work/truth" && break
		sleep 0.1
	done
	sleep 0.2
	watch probe dump -p "$server"
	wait "$client"
	stop_watching "$watcher"
	stop_server
	count 'attached in the middle of a frame: the next ones are read' $((3 == $(grep -c '"name":"echoed"' "$work/probe"))) \
		"$(cut -c1-300 "$work/probe") $(tail -2 "$work/client")"
}

# haproxy passes bytes from socket to socket inside the kernel: what it does not read itself is seen, or said.
connections_that_are_spliced() {
	local haproxy
	haproxy=$(PATH=$PATH:/usr/sbin command -v haproxy) || { skip 'splice: haproxy is not here'; return; }
	serve asyncio tcp
	port=$((port + 1))
	cat >"$work/haproxy.cfg" <<-END
		defaults
		  mode tcp
		  timeout connect 5s
		  timeout client 60s
		  timeout server 60s
		  option splice-request
		  option splice-response
		listen balanced
		  bind 127.0.0.1:$port
		  server only 127.0.0.1:${address#*:}
	END
	"$haproxy" -db -f "$work/haproxy.cfg" >"$work/balancer" 2>&1 &
	balancer=$!
	sleep 1
	address=tcp:$port
	watch report report -p "$balancer"
	talk talk 10
	stop_watching "$watcher"
	kill "$balancer"
	stop_server
	if ! grep -q 'events: 10 to the server, 20 to the client' "$work/report"; then
		says 'spliced: it is said' report 'passed on inside the kernel (splice, sendfile)'
		says 'spliced: of which process' report "haproxy (process $balancer)"
	fi
}

behind_a_balancer() {
	local version
	for version in 1 2; do
		serve raw-proxied tcp
		watch probe report --json -p "$server"
		port=$((port + 1))
		"$python" tests/live/balancer.py "$port" "${address#*:}" "$version" >"$work/balancer" 2>&1 &
		balancer=$!
		sleep 1
		address=tcp:$port
		talk direct 10
		kill "$balancer"
		stop_watching "$watcher"
		stop_server
		same_json "PROXY protocol, version $version: all events" probe '.sessions[0].events | [."c>s", ."s>c"]' '[10,20]'
	done
}

coming_and_going() {
	the_same_as_the_application asyncio tcp many 200 any
	the_same_as_the_application uvloop tls many 200 any
	the_same_as_the_application node tls many 200 any
}

a_server_that_stands_still() {
	for scheme in tcp tls; do
		serve asyncio "$scheme"
		watch report report -p "$server"
		talk block 2
		stop_watching "$watcher"
		stop_server
		says "a blocked loop over $scheme is proven" report 'server-stall, proven'
		says "a blocked loop over $scheme is shown by what lay unread" report 'its event loop was blocked'
	done
	serve asyncio tcp
	watch report report -p "$server"
	talk talk 5
	stop_watching "$watcher"
	stop_server
	says 'a healthy server is' report 'No problems found'
}

the_race_and_its_log_line() {
	serve asyncio tcp
	watch report report -p "$server"
	talk race
	stop_watching "$watcher"
	stop_server
	says 'the log line proves the race' report 'environ-race, proven'
	serve asyncio tcp
	watch lines dump --log-pattern 'lose_.*name' -p "$server"
	talk race
	stop_watching "$watcher"
	stop_server
	says 'a known line is shown' lines 'Socket.IO environ is not initialized.'
	says 'a line of a pattern is shown' lines 'lose_environ'
	says 'the exception that a line announces is shown whole' lines 'raise RuntimeError('
}

a_session_that_runs_already() {
	for scheme in tcp tls; do
		serve uvloop "$scheme"
		timeout 60 "$python" tests/live/echo_client.py "$address" linger 20 >"$work/client" 2>&1 &
		local client=$!
		sleep 2
		watch probe dump -p "$server"
		watch_report=$watcher
		wait "$client"
		stop_watching "$watch_report"
		stop_server
		says "over $scheme: joined in mid-stream" probe '"name":"echoed"'
	done
}

a_server_that_dies() {
	serve asyncio tls
	watch report report -p "$server"
	timeout 20 "$python" tests/live/echo_client.py "$address" linger 50 >"$work/client" 2>&1 &
	local client=$!
	for _ in $(seq 150); do # until it talks
		[ -s "$work/truth" ] && break
		sleep 0.1
	done
	sleep 0.5
	kill -9 "$server"
	wait "$server" 2>/dev/null
	stop_watching "$watcher"
	kill "$client" 2>/dev/null
	says 'a killed process is what ended it' report "(python) ended while the WebSocket was open"
}

# Its requests are compressed: all of such a connection is followed.
http2_is_seen() {
	local how scheme
	curl --version 2>/dev/null | grep -q HTTP2 || { skip 'HTTP/2: no curl with it is here'; return; }
	for scheme in tcp tls; do
		for how in -p --port; do
			serve hypercorn "$scheme"
			if [ "$how" = -p ]; then watch report report --json -p "$server"; else watch report report --json --port "${address#*:}"; fi
			if [ "$scheme" = tcp ]; then set -- --http2-prior-knowledge http; else set -- --http2 -k https; fi
			curl -s "$1" ${3:+"$2"} "${3:-$2}://127.0.0.1:${address#*:}/socket.io/?EIO=4&transport=polling" >"$work/client"
			stop_watching "$watcher"
			stop_server
			same_json "HTTP/2 over $scheme, $how" report '[(.sessions | length), .input.http2_connections]' '[1,1]'
		done
	done
}

# The server is another machine: here one that no probe sees (it goes by io_uring), at an address that is not the client's.
the_clients_end_alone() {
	local made
	make_server ring || return
	address_of tcp
	cat >"$work/apart" <<-END
		ip link set lo up && ip addr add 198.51.100.1/32 dev lo && ip addr add 198.51.100.2/32 dev lo || exit 1
		"$made" "${address#*:}" 198.51.100.2 &
		sleep 0.5
		SERVER=198.51.100.2 FROM=198.51.100.1 "$python" tests/live/echo_client.py "$address" direct 5
		kill \$!
	END
	watch report report --json --port "${address#*:}"
	unshare -n bash "$work/apart" >"$work/client" 2>&1
	count "the client's end: it talks" $((!$?)) "$(cat "$work/client")"
	stop_watching "$watcher"
	same_json "--port: the client's end alone is enough" report '.sessions[0].events | [."c>s", ."s>c"]' '[5,10]'
	same_json 'and nothing is missing then' report '[.unseen[].reason]' '[]'
}

what_goes_by_io_uring() {
	local made
	make_server ring || return
	serve made tcp
	kill -0 "$server" 2>/dev/null || { skip "io_uring: $(cat "$work/server")"; return; }
	watch report report -p "$server"
	talk direct 3
	stop_watching "$watcher"
	stop_server
	says 'io_uring: it is said' report 'read or written by io_uring, which probes do not see'
	says 'io_uring: of which process' report "raw_echo (process $server): 1"
}

# The reader is stopped while more goes by than the ring holds.
a_flood() {
	serve asyncio tcp
	watch report report -p "$server"
	kill -STOP "$watcher"
	talk flood 60
	kill -CONT "$watcher"
	sleep 0.5
	talk talk 5
	stop_watching "$watcher"
	stop_server
	says 'what was lost is reported' report 'packets were dropped before they were read'
	says 'and what came later is seen' report 'events: 5 to the server, 10 to the client'
	count 'and each session has its end' $((0 == $(grep -c 'still open' "$work/report"))) "$(cat "$work/report")"
	serve asyncio tcp
	watch larger dump --show-secrets -B 256MiB -p "$server"
	kill -STOP "$watcher"
	talk flood 60
	kill -CONT "$watcher"
	sleep 0.5
	stop_watching "$watcher"
	stop_server
	compares 'with a larger ring (-B) nothing is lost' truth "$work/truth" "$work/larger"
}

process_of_a_session() {
	serve asyncio unix
	watch report report --json -p "$server"
	talk talk 3
	stop_watching "$watcher"
	stop_server
	jq -e --argjson pid "$server" --arg server "unix:${address#unix:}" '.sessions[0] |
		.process.pid == $pid and .process.command == "python" and .process.certain and .server == $server' \
		"$work/report" >/dev/null
	count 'pid, command, path of the socket' $((!$?)) "$(jq -c '.sessions[0]' "$work/report")"
}
