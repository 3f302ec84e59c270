# shellcheck shell=bash
# Servers, clients and watchers of tests/check-probe, and what its demands compare.

address_of() { # <scheme>: sets address, never used before
	port=$((port + 1))
	case $1 in
	unix) address=unix:$work/$port.sock ;;
	*) address=$1:$port ;;
	esac
}

# Of a server that has to be made: sets made; says otherwise why it cannot be had.
make_server() { # <name, as tests/live/make has it>
	made=$(tests/live/make "$1" "$live") || {
		skip "$made"
		return 1
	}
}

serve() { # <kind> <scheme>: sets server and address; returns once it listens
	address_of "$2"
	rm -f "$work/truth"
	case $1 in
	made) CERT=$([ "$2" = tls ] && echo "$CERT") "$made" "${address#*:}" >"$work/server" 2>&1 & ;;
	bun) "$live/node/node_modules/.bin/bun" tests/live/echo_server.js "$address" "$work/truth" >"$work/server" 2>&1 & ;;
	node) node tests/live/echo_server.js "$address" "$work/truth" >"$work/server" 2>&1 & ;;
	raw-*) "$python" tests/live/raw_server.py "${1#raw-}" "$address" "$work/truth" >"$work/server" 2>&1 & ;;
	*) "$python" tests/live/echo_server.py "$1" "$address" "$work/truth" >"$work/server" 2>&1 & ;;
	esac
	server=$!
	for _ in $(seq 150); do
		if [ "$2" = unix ]; then [ -S "${address#unix:}" ] && return; else
			(: <"/dev/tcp/127.0.0.1/${address#*:}") 2>/dev/null && return
		fi
		sleep 0.1
	done
	echo "the server does not listen on $address: $(cat "$work/server")"
}

stop_server() {
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
}

# Everything that it needs is open once it has given its capabilities back (or runs as another without any).
await_watching() { # <process>
	for _ in $(seq 300); do
		grep -q '^CapEff:[[:space:]]*0*$' "/proc/$1/status" 2>/dev/null && grep -q '^Seccomp:[[:space:]]*2' "/proc/$1/status" && return
		[ -d "/proc/$1" ] || return
		sleep 0.1
	done
}

watch() { # <out> <command> <options…>: sets watcher; returns once it watches
	local out=$1
	shift
	"$sioscope" "$@" >"$work/$out" 2>"$work/$out.err" &
	watcher=$!
	await_watching "$watcher"
}

# Whoever met a probe has the kernel's page for it among its maps.
has_met_a_probe() { # <process>
	grep -q '\[uprobes\]' "/proc/$1/maps"
}

# A process that comes later is attached to while it begins, for which the kernel waits for all processors (RCU):
# milliseconds, on a busy machine a second. Asks its address over TLS until it, or one of several, has met a probe.
await_probes() { # <process…>
	local each
	for _ in $(seq 100); do
		openssl s_client -connect "127.0.0.1:${address#*:}" </dev/null >"$work/asked" 2>&1
		for each; do
			has_met_a_probe "$each" && return
		done
		sleep 0.05
	done 2>/dev/null
}

stop_watching() { # <process…>
	sleep 0.4
	kill -INT "$@" 2>/dev/null
	wait "$@" 2>/dev/null
}

ticks_of() { # <process>: processor time, in hundredths of a second
	awk '{ print $14 + $15 }' "/proc/$1/stat" 2>/dev/null || echo 0
}

talk() { # <what> <count>
	timeout "${TALK:-90}" "$python" tests/live/echo_client.py "$address" "$@" >"$work/client" 2>&1
	count "client: $*" $((!$?)) "$(tail -3 "$work/client")"
}

compares() { # <what> <words of compare.py…>
	local what=$1
	shift
	"$python" tests/live/compare.py "$@" >"$work/difference" 2>&1
	count "$what" $((!$?)) "$(tail -c 600 "$work/difference")"
}

says() { # <what> <file> <words>
	local said
	said=$(tr -s ' \n' ' ' <"$work/$2")
	[[ $said == *"$3"* ]]
	count "$1" $((!$?)) "said: ${said:0:900} $(cat "$work/$2.err" 2>/dev/null)"
}

same_json() { # <what> <file> <path> <expected>
	local seen
	seen=$(jq -c "$3" "$work/$2" 2>&1)
	[ "$seen" = "$4" ]
	count "$1" $((!$?)) "expected $4, seen $seen"
}

# One run, watched by the probes, and by packets where these can be read.
the_same_as_the_application() { # <kind> <scheme> <what> <count> [any]
	local packets='' name="$1 over $2, $3"
	serve "$1" "$2"
	watch probe dump --show-secrets -p "$server" -w "$work/kept.pcapng"
	if [ "$2" = tcp ]; then
		"$sioscope" dump --show-secrets -i lo port "${address#*:}" >"$work/packets" 2>"$work/packets.err" &
		packets=$!
		await_watching "$packets"
	fi
	talk "$3" "$4"
	stop_watching "$watcher" ${packets:+"$packets"}
	stop_server
	compares "$name: as the application wrote down" truth "$work/truth" "$work/probe" ${5:+"$5"}
	[ -z "$packets" ] || compares "$name: as the packets show" dumps "$work/packets" "$work/probe"
	"$sioscope" dump --show-secrets -r "$work/kept.pcapng" >"$work/again" 2>&1
	compares "$name: as the kept file shows" dumps "$work/again" "$work/probe"
}

children_but() { # <process> <those before>: until it has others
	local now
	for _ in $(seq 100); do
		now=$(pgrep -P "$1" | sort | tr '\n' ' ')
		[ -n "$now" ] && [ "$now" != "$2" ] && break
		sleep 0.1
	done
	echo "$now"
}
