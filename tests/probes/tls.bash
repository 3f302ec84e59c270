# shellcheck shell=bash
# Demands on TLS: of each library, what is read and what is reported.

# By whatever processes are chosen: what cannot be read is said, and whose it is.
tls_that_is_not_read() {
	local how
	if "$live/node/node_modules/.bin/bun" --version >"$work/bun" 2>&1; then
		serve bun tls
		watch report report -p "$server"
		talk direct 3
		sleep 2 # the library is looked for in its 90 MB
		stop_watching "$watcher"
		stop_server
		says 'BoringSSL: it is said' report ', BoringSSL?): '
	else
		skip "bun: $(head -n 1 "$work/bun")"
	fi
	the_same_as_the_application granian tcp talk 5
	for how in -p --process --port; do
		serve granian tls
		case $how in
		-p) watch report report -p "$server" ;;
		--process) watch report report --process echo_server.py --process granian ;;
		--port) watch report report --port "${address#*:}" ;;
		esac
		talk direct 3
		stop_watching_all "rustls, $how"
		stop_server
		says "rustls, $how: it is said" report 'TLS connection of a watched process was not read'
		says "rustls, $how: of which process and library" report ', rustls?): '
	done
	serve asyncio tls
	watch report report -p "$server"
	talk talk 3
	stop_watching "$watcher"
	stop_server
	count 'OpenSSL: nothing is missing' $((0 == $(grep -c 'not read' "$work/report"))) "$(cat "$work/report")"
}

# Go's crypto/tls, in programs with symbols and without: both are proxies before a server that writes down its events.
go_reads_the_same() { # <what> <command…>: serves TLS at $port, before the server
	local what=$1 how before
	shift
	"$@" >"$work/balancer" 2>&1 &
	balancer=$!
	sleep 2
	address=tls:$port
	for how in "-p $balancer" "--port $port"; do
		before=$(wc -l <"$work/truth")
		# shellcheck disable=SC2086 # words
		watch probe dump --show-secrets $how
		talk talk 10
		stop_watching "$watcher"
		tail -n +$((before + 1)) "$work/truth" >"$work/truth-now"
		compares "$what, ${how%% *}: as the application wrote down" truth "$work/truth-now" "$work/probe"
	done
	kill "$balancer"
}

tls_of_go() {
	if ldd "$sioscope" | grep -q capstone; then :; else
		skip "Go's TLS: sioscope was built without capstone"
		return
	fi
	serve asyncio tcp
	local to=${address#*:} stripped
	if command -v go >/dev/null; then
		for stripped in '' '-s -w'; do
			go build -ldflags "$stripped" -o "$work/tls_proxy" tests/live/tls_proxy.go 2>"$work/go" ||
				{ skip "Go's TLS: $(head -n 1 "$work/go")"; break; }
			port=$((port + 1))
			go_reads_the_same "$(go version | cut -d' ' -f3) ${stripped:-with symbols}" "$work/tls_proxy" "$port" "$to"
		done
	else
		skip "Go's TLS: no go is here"
	fi
	if command -v caddy >/dev/null; then
		port=$((port + 1))
		printf '{\n auto_https off\n admin off\n default_sni localhost\n}\nhttps://127.0.0.1:%s, https://localhost:%s {\n tls %s %s\n reverse_proxy 127.0.0.1:%s\n}\n' \
			"$port" "$port" "$CERT" "$KEY" "$to" >"$work/Caddyfile"
		go_reads_the_same "caddy $(caddy version | cut -c1-10)" env HOME="$work" caddy run --config "$work/Caddyfile" --adapter caddyfile
	else
		skip "Go's TLS: no caddy is here"
	fi
	stop_server
}

tls_behind_a_balancer() {
	local how to
	PATH=$PATH:/usr/sbin
	command -v nginx >/dev/null || { skip 'TLS behind a PROXY header: no nginx is here'; return; }
	curl --version >/dev/null 2>&1 || { skip 'TLS behind a PROXY header: no curl is here'; return; }
	serve asyncio tcp
	to=${address#*:}
	for how in -p --port; do
		port=$((port + 1))
		start_nginx tls proxy_protocol
		sleep 1
		if [ "$how" = -p ]; then watch report report --json -p "$balancer"; else watch report report --json --port "$port"; fi
		for _ in 1 2 3; do
			curl -sk --haproxy-protocol "https://127.0.0.1:$port/socket.io/?EIO=4&transport=polling" >"$work/client"
		done
		stop_watching "$watcher"
		kill "$balancer"
		wait "$balancer" 2>/dev/null
		same_json "TLS behind a PROXY header, $how" report "[([.sessions[] | select(any(.legs[]; .server == \"127.0.0.1:$port\"))] | length), (.unseen | length)]" '[3,0]'
	done
	stop_server
}
