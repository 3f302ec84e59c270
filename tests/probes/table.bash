# shellcheck shell=bash
# The table of README: server × plain, TLS → what a watch of its process shows.

row_versions() { # <distribution…>
	"$python" -c 'import importlib.metadata, sys
print(", ".join(f"{each} {importlib.metadata.version(each)}" for each in sys.argv[1:]))' "$@"
}

# Watches while five echoes go by, and says into $cell what became of them. Nothing may be silent.
fill_cell() { # <what> <process> <port> [words of the client]
	local to_server to_client why
	address=$3
	watch cell report --json -p "$2"
	talk "${4:-talk}" 5
	stop_watching "$watcher"
	to_server=$(jq '[.sessions[].events."c>s"] | add // 0' "$work/cell")
	to_client=$(jq '[.sessions[].events."s>c"] | add // 0' "$work/cell")
	why=$(jq -r '[.unseen[] | select(.reason == "unread-tls" or .reason == "passed-by" or .reason == "io-uring").text] | first // ""' "$work/cell")
	cell=silent
	if [ "$to_server $to_client" = '5 10' ]; then
		cell='all events'
	elif [ -n "$why" ]; then
		cell="reported$(grep -o ', [^(,]*?)' <<<"$why" | head -n 1 | sed 's/^, \(.*\)?)$/: \1/')"
	fi
	[ "$cell" != silent ]
	count "$1: nothing is silent" $((!$?)) "$to_server and $to_client events; $(jq -c .unseen "$work/cell")"
}

server_row() { # <kind> <name and versions>
	local plain
	serve "$1" tcp
	fill_cell "$2, plain" "$server" "$address"
	plain=$cell
	stop_server
	serve "$1" tls
	fill_cell "$2, TLS" "$server" "$address"
	stop_server
	echo "| $2 | $plain | $cell |" >>"$work/table"
}

made_row() { # <name of tests/live/make> <name and versions> <words of the client> [plain]
	local made plain
	make_server "$1" || return
	serve made tcp
	fill_cell "$2, plain" "$server" "$address" "$3"
	plain=$cell
	stop_server
	cell=–
	if [ -z "${4:-}" ]; then
		serve made tls
		fill_cell "$2, TLS" "$server" "$address" "$3"
		stop_server
	fi
	echo "| $2 | $plain | $cell |" >>"$work/table"
}

proxy_row() { # <name and version> <function that starts it, with the scheme>
	local plain='' scheme
	for scheme in tcp tls; do
		port=$((port + 1))
		"$2" "$scheme"
		sleep 2
		fill_cell "$1, $scheme" "$balancer" "$scheme:$port"
		kill "$balancer"
		wait "$balancer" 2>/dev/null
		plain=${plain:-$cell}
	done
	echo "| $1 | $plain | $cell |" >>"$work/table"
}

start_nginx() { # <scheme> [words of listen]
	local tls=''
	[ "$1" = tls ] && tls="ssl_certificate $CERT; ssl_certificate_key $KEY;"
	cat >"$work/nginx.conf" <<-END
		daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
		events {}
		http { access_log off; server { listen 127.0.0.1:$port $([ "$1" = tls ] && echo ssl) ${2:-}; $tls client_body_temp_path $work/nginx-body; proxy_temp_path $work/nginx-proxy; client_max_body_size 0;
		location / { proxy_pass http://127.0.0.1:$to; proxy_http_version 1.1; proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection upgrade; proxy_buffering off; } } }
	END
	nginx -c "$work/nginx.conf" >"$work/balancer" 2>&1 &
	balancer=$!
}

start_haproxy() { # <scheme>
	cat "$CERT" "$KEY" >"$work/both.pem"
	cat >"$work/haproxy.cfg" <<-END
		defaults
		  mode http
		  timeout connect 5s
		  timeout client 60s
		  timeout server 60s
		listen balanced
		  bind 127.0.0.1:$port $([ "$1" = tls ] && echo "ssl crt $work/both.pem")
		  server only 127.0.0.1:$to
	END
	haproxy -db -f "$work/haproxy.cfg" >"$work/balancer" 2>&1 &
	balancer=$!
}

start_caddy() { # <scheme>
	local site="http://127.0.0.1:$port" tls=''
	[ "$1" = tls ] && site="https://127.0.0.1:$port, https://localhost:$port" tls="tls $CERT $KEY"
	printf '{\n auto_https off\n admin off\n default_sni localhost\n}\n%s {\n %s\n reverse_proxy 127.0.0.1:%s\n}\n' \
		"$site" "$tls" "$to" >"$work/Caddyfile"
	HOME=$work caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/balancer" 2>&1 &
	balancer=$!
}

start_go() { # <scheme>
	local cert=''
	[ "$1" = tls ] && cert=$CERT
	CERT=$cert "$work/tls_proxy" "$port" "$to" >"$work/balancer" 2>&1 &
	balancer=$!
}

table_of_servers() {
	local to
	printf '| server | plain | TLS |\n|---|---|---|\n' >"$work/table"
	server_row asyncio "$(row_versions uvicorn) (asyncio)"
	server_row uvloop "$(row_versions uvicorn uvloop)"
	server_row hypercorn "$(row_versions hypercorn)"
	server_row aiohttp "$(row_versions aiohttp)"
	server_row gunicorn "$(row_versions gunicorn uvicorn-worker)"
	server_row granian "$(row_versions granian)"
	server_row node "node $(node --version | tr -d v)"
	if "$live/node/node_modules/.bin/bun" --version >"$work/bun" 2>&1; then server_row bun "bun $(cat "$work/bun")"; else
		skip "bun: $(head -n 1 "$work/bun")"
	fi
	made_row go "$(go version 2>/dev/null | cut -d' ' -f3 | sed 's/go/Go /'), socket.io 3.0.6 (zishang520)" talk
	made_row go-stripped 'the same, stripped' talk
	skip 'traefik: go install does not make it (its go.mod has replace directives), and no package has it'
	made_row rust 'socketioxide 0.18 (axum, rustls)' talk
	made_row java 'netty-socketio 2.0.13' direct # it loses what python's client sends while it upgrades
	made_row static 'a static program (musl)' direct plain
	made_row ring 'a program that uses io_uring' direct plain
	PATH=$PATH:/usr/sbin
	serve asyncio tcp
	to=${address#*:}
	if command -v nginx >/dev/null; then proxy_row "nginx $(nginx -v 2>&1 | cut -d/ -f2 | cut -d' ' -f1)" start_nginx; else skip 'no nginx is here'; fi
	if command -v haproxy >/dev/null; then proxy_row "haproxy $(haproxy -v | cut -d' ' -f3 | head -n 1 | cut -d- -f1), mode http" start_haproxy; else skip 'no haproxy is here'; fi
	if command -v caddy >/dev/null; then proxy_row "caddy $(caddy version | cut -d' ' -f1 | cut -c1-10)" start_caddy; else skip 'no caddy is here'; fi
	if command -v go >/dev/null && go build -o "$work/tls_proxy" tests/live/tls_proxy.go 2>"$work/go"; then
		proxy_row "$(go version | cut -d' ' -f3 | sed 's/go/Go /'), httputil.ReverseProxy" start_go
	else
		skip 'no go is here'
	fi
	stop_server
	cat "$work/table"
}
