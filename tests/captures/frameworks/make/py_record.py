"""Records the situations: py_record.py FOLDER [NAME…]. Needs root (tcpdump), redis-server, node with socket.io-client 4 and,
as sic2, 2, and two virtual environments below $ENVS: a (new) and old (python-socketio 4.6).

What is built stands there as well: rs/target/debug/rs (rs_server.rs, with rs_server.toml as Cargo.toml), gos/gos (go_server.go),
r8 and r10 (virtual environments with Reflex 0.8 and 0.10) with copies of reflex_app in rx8 and rx10, key.pem and cert.pem.

A situation is (steps): each step is a number (seconds to wait), or a word and what to start or signal."""
import os, shlex, signal, socket, subprocess, sys, time

ENVS, HERE = os.environ["ENVS"], os.path.dirname(os.path.abspath(__file__))
A, OLD = (f"{ENVS}/{env}/bin/" for env in ("a", "old"))


def py(env, port):
    return lambda name, e=env: f"{e}python py_servers.py {name} {port}"


def situations(port):
    """{name: (extra ports, steps)}; port is that of the server."""
    url = f"http://127.0.0.1:{port}"
    server = py(A, port)
    uvicorn = f"{A}uvicorn --factory --host 127.0.0.1 --port {port}"

    def client(what, json="{}", to=url, env=A):
        return ("client", f"{env}python py_clients.py {what} {to} '{json}'")

    def node(what, json="{}", to=url):
        return ("client", f"node client.js {what} {to} '{json}'")

    def serve(command, log=False):
        return ("serve-log" if log else "serve", command)

    def reflex(line, port, more=""):
        return f"env PATH={ENVS}/r{line}/bin:{os.environ['PATH']} REFLEX_SKIP_COMPILE=1 {more} sh -c 'cd {ENVS}/rx{line} && exec reflex run --backend-only --env prod --backend-port {port} --backend-host 127.0.0.1'"

    def page(line, url, token, events):
        return ("client", f"{A}python py_reflex.py {line} {url} http://localhost:3000 {token} {events}")

    flask = "'py_servers:flask_%s()'"
    gunicorn = f"{A}gunicorn -b 127.0.0.1:{port} "
    polling, websocket = '"transports":["polling"]', '"transports":["websocket"]'
    return {
        # what fails
        "py-two-workers-polling": [serve(gunicorn + "-k gthread --threads 20 -w 2 " + flask % "threads", True), 4, node("chat", '{"seconds":14}'), node("chat", '{%s,"seconds":14}' % polling), "wait"],
        "py-mounted-elsewhere": [serve(uvicorn + " py_servers:fastapi_mount", True), 4, node("chat", '{"seconds":9}'), "wait"],
        "py-mounted-elsewhere-websocket": [serve(uvicorn + " py_servers:fastapi_mount", True), 4, node("chat", '{"seconds":9,%s}' % websocket), "wait"],
        "py-https-origin-behind-proxy": [serve(server("https_proxy_unknown"), True), 4, ("client", f"{A}python py_page.py {url} shop.example https://shop.example 8"), "wait"],
        "py-worker-timeout": [serve(gunicorn + "-k gevent --timeout 6 " + flask % "gevent", True), 4, node("burn", '{"seconds":24,%s}' % polling), client("chat", '{"seconds":24,%s}' % polling), "wait"],
        "py-handler-raises": [serve(server("handler_raises"), True), 4, client("order", '{"seconds":6}'), "wait"],
        "py-jwt-refused": [serve(server("jwt"), True), 4, node("chat", '{"seconds":5,"auth":{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6b2UiLCJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLW9mLXpvZQ"}}'), client("again", '{"seconds":6,"auth":{"token":"undefined"}}'), "wait"],
        "py-always-connect-refused": [serve(server("always_connect_refused"), True), 4, node("chat", '{"seconds":6}'), client("again", '{"seconds":6}'), "wait"],
        "py-disconnects-after-connect": [serve(server("disconnects_after_connect"), True), 4, node("insist", '{"seconds":9,%s}' % websocket), "wait"],
        "py-path-is-namespace": [serve(server("namespaces_only"), True), 4, node("chat", '{"seconds":5}', url + "/api"), client("again", '{"seconds":5}'), "wait"],
        "py-connect-handler-raises": [serve(server("connect_raises"), True), 4, node("silent", '{"seconds":52}'), "wait"],
        "py-burst-in-one-post": [serve(server("healthy"), True), 4, client("burst", '{%s,"seconds":9}' % polling), "wait"],
        "py-new-client-old-server": [serve(py(OLD, port)("flask_old"), True), 4, node("chat", '{"seconds":5}'), client("again", '{"seconds":5}'), "wait"],
        "py-websocket-only-no-library": [serve(py(OLD, port)("flask_old"), True), 4, node("chat", '{"seconds":7,"line":2,%s}' % websocket), "wait"],
        "py-django-without-socketio": [serve(f"{A}daphne -b 127.0.0.1 -p {port} django_application:application", True), 4, node("chat", '{"seconds":6}'), node("chat", '{"seconds":6,%s}' % websocket), "wait"],
        "py-worker-killed": [serve(gunicorn + "-k gthread --threads 20 -w 2 " + flask % "threads", True), 4] + [node("chat", '{"seconds":16,%s}' % websocket)] * 6 + [6, ("kill-child", "serve"), "wait"],
        "py-laptop-sleeps": [serve(server("quick_pings"), True), 4, client("chat", '{"seconds":26}'), client("chat", '{"seconds":26,%s}' % polling), client("chat", '{"seconds":26}'), 6, ("stop", "client"), 11, ("go-on", "client"), "wait"],
        "py-ping-timeout-tiny": [serve(server("tiny_ping_timeout"), True), 4, client("chat", '{"seconds":14,%s}' % websocket), 2, ("stop", "client"), 0.7, ("go-on", "client"), 3, ("stop", "client"), 0.7, ("go-on", "client"), "wait"],
        "py-packet-too-large": [serve(server("small_buffer"), True), 4, client("big", '{"seconds":14,%s}' % websocket), "wait"],
        "py-concurrency-limit": [serve(uvicorn + " --limit-concurrency 5 py_servers:healthy", True), 4] + [node("chat", '{"seconds":9,%s}' % polling)] * 4 + ["wait"],
        "py-daphne-http-timeout": [serve(f"{A}daphne -t 6 -b 127.0.0.1 -p {port} asgi_application:application", True), 4, node("silent", '{"seconds":28,%s}' % polling), node("silent", '{"seconds":28,%s}' % polling), "wait"],
        "py-sanic-response-timeout": [serve(server("sanic_timeout"), True), 5, node("silent", '{"seconds":24,%s}' % polling), node("silent", '{"seconds":24,%s}' % polling), "wait"],
        "py-http-to-tls-port": [serve(f"{A}uvicorn --factory --host 127.0.0.1 --port {port} --ssl-keyfile {ENVS}/key.pem --ssl-certfile {ENVS}/cert.pem py_servers:healthy", True), 4, node("chat", '{"seconds":7}'), "wait"],
        "py-wait-timeout": [serve(server("slow_connect"), True), 4, client("again", '{"seconds":22,"wait_timeout":1}'), "wait"],
        "py-gevent-worker-no-websocket": [serve(gunicorn + "-k gevent " + flask % "gevent", True), 4, node("chat", '{"seconds":9}'), node("chat", '{"seconds":9,%s}' % websocket), "wait"],
        "py-nicegui-other-instance": [serve(server("nicegui_run"), True), serve(py(A, port + 1)("nicegui_run")), 9, ("client", f"{A}python py_nicegui.py http://127.0.0.1:{port + 1}/ {url} 9"), "wait"],
        "rs-acks-missing": [serve(f"{ENVS}/rs/target/debug/rs {port}", True), 1, node("shapes", '{"seconds":36}'), "wait"],
        # what fails, the second time
        "py-old-timeout-too-short": [serve(py(OLD, port)("flask_old"), True), 4, node("chat", '{"seconds":34,"line":2,"every":9000}'), node("silent", '{"seconds":30,"line":2}'), "wait"],
        "rx-handler-gone": [serve(reflex(8, port), True), 14, page(8, url, "a-token", "tick tick gone"), "wait"],
        "rx-handler-fails": [serve(reflex(10, port), True), 14, page(10, url, "b-token", "tick fails tick"), "wait"],
        "rx-origin-refused": [serve(reflex(8, port, "ORIGINS=https://app.example"), True), 14, page(8, url, "c-token", "tick"), page(8, url, "c-token", "tick"), "wait"],
        "py-cors-twice": [serve(server("cors_twice"), True), 4, ("client", f"{A}python py_page.py {url} 'cross 127.0.0.1' http://localhost:3000 8"), "wait"],
        "py-blocking-sleep": [serve(server("blocking_sleep"), True), 4, client("render", '{"seconds":14}')] + [client("render", '{"seconds":16,"every":1.2}')] * 3 + ["wait"],
        "py-https-to-http-port": [serve(uvicorn + " py_servers:healthy", True), 4, client("again", '{"seconds":6,"ssl_verify":false}', url.replace("http", "https")), "wait"],
        "py-cookies-too-large": [serve(server("aiohttp_run"), True), 4, client("again", '{"seconds":6,"headers":{"Cookie":"%s"}}' % "; ".join(f"segment{n}={'v' * 90}" for n in range(95))), "wait"],
        "py-daphne-websocket-timeout": [serve(f"{A}daphne --websocket_timeout 20 -b 127.0.0.1 -p {port} asgi_application:application", True), 4] + [node("chat", '{"seconds":75,%s}' % websocket)] * 2 + ["wait"],
        "py-max-requests": [serve(gunicorn + "-k gthread --threads 20 --max-requests 25 -w 1 " + flask % "threads", True), 4, node("chat", '{"seconds":20,%s}' % polling), client("chat", '{"seconds":20,%s}' % polling), "wait"],
        "go-too-large": [serve(f"{ENVS}/gos/gos {port}", True), 1, node("big", '{"seconds":14,%s}' % websocket), "wait"],
        # what is well
        "rx-ok-slow-handler": [serve(reflex(8, port)), 14, page(8, url, "d-token", "tick tick slow tick job sleep sleep tick"), page(8, url, "e-token", "tick slow sleep tick"), "wait"],
        "rx-ok-reload": [serve(reflex(10, port)), 14, page(10, url, "f-token", "tick slow tick"), "wait", page(10, url, "f-token", "tick job sleep sleep tick"), "wait"],
        "py-ok-cors-once": [serve(server("cors_once")), 4, ("client", f"{A}python py_page.py {url} 'cross 127.0.0.1' http://localhost:3000 6"), "wait"],
        "py-ok-busy-pushes": [serve(server("busy_pushes")), 4, client("stay", '{"seconds":6}'), node("silent", '{"seconds":6,%s}' % polling), "wait"],
        "py-ok-cookies": [serve(server("aiohttp_run")), 4, client("save", '{"seconds":4,"headers":{"Cookie":"%s"}}' % "; ".join(f"segment{n}={'v' * 90}" for n in range(40))), "wait"],
        "py-ok-hypercorn-restart": [serve(f"{A}hypercorn -b 127.0.0.1:{port} asgi_application:application"), 4, node("chat", '{"seconds":20}'), client("chat", '{"seconds":20,%s}' % polling), 6, ("end", "serve"), 1.5, serve(f"{A}hypercorn -b 127.0.0.1:{port} asgi_application:application"), "wait"],
        "go-ok": [serve(f"{ENVS}/gos/gos {port}"), 1, node("kept", '{"seconds":12}'), node("chat", '{"seconds":12,%s}' % polling), node("chat", '{"seconds":9,%s}' % websocket), "wait"],
        "py-ok-redis-gone": [("redis", port + 1), serve(f"env REDIS=redis://127.0.0.1:{port + 1}/0 " + server("over_redis")), 5, client("chat", '{"seconds":24}'), 6, ("kill", "redis"), "wait"],
        "rs-ok-late-ack": [serve(f"{ENVS}/rs/target/debug/rs {port}"), 1, node("slow", '{"seconds":12}'), node("slow", '{"seconds":12,%s}' % polling), "wait"],
        "py-ok-two-workers-websocket": [serve(gunicorn + "-k gthread --threads 20 -w 2 " + flask % "threads"), 4] + [node("chat", '{"seconds":12,%s}' % websocket)] * 3 + ["wait"],
        "py-ok-mounted": [serve(uvicorn + " py_servers:fastapi_mount"), 4, node("chat", '{"seconds":7,"path":"/ws/socket.io"}'), client("save", '{"seconds":4,"path":"ws/socket.io"}'), "wait"],
        "py-ok-https-origin-forwarded": [serve(server("https_proxy_unknown")), 4, ("client", f"{A}python py_page.py {url} shop.example https://shop.example 6 X-Forwarded-Proto=https X-Forwarded-Host=shop.example"), "wait"],
        "py-ok-late-acks": [serve(server("healthy")), 4, client("save", '{"seconds":8}'), node("save", '{"seconds":12,%s}' % polling), "wait"],
        "py-ok-jwt": [serve(server("jwt")), 4, client("chat", '{"seconds":5,"auth":{"token":"%s"}}' % token()), node("chat", '{"seconds":6,"auth":{"token":"%s"}}' % token()), "wait"],
        "py-ok-namespaces": [serve(server("namespaces_only")), 4, node("chat", '{"seconds":5}', url + "/chat"), client("chat", '{"seconds":5,"namespaces":["/chat","/news","/admin"]}'), "wait"],
        "py-ok-slow-connect": [serve(server("slow_connect")), 4, node("chat", '{"seconds":16}'), client("chat", '{"seconds":8,"wait_timeout":20}'), "wait"],
        "py-ok-burst": [serve(server("healthy")), 4, client("burst", '{%s,"seconds":4}' % polling), "wait"],
        "py-ok-redis": [("redis", port + 1), serve(f"env REDIS=redis://127.0.0.1:{port + 1}/0 " + server("over_redis")), 5, client("save", '{"seconds":8}'), node("chat", '{"seconds":9}'), "wait"],
        "py-ok-old-with-old": [serve(py(OLD, port)("flask_old")), 4, node("chat", '{"seconds":9,"line":2}'), node("chat", '{"seconds":9,"line":2}'), "wait"],
        "py-ok-werkzeug": [serve(server("flask_threads")), 4, node("save", '{"seconds":9}'), node("save", '{"seconds":10,%s}' % websocket), client("chat", '{"seconds":5,%s}' % polling), "wait"],
        "py-ok-gevent-websocket": [serve(gunicorn + "-k geventwebsocket.gunicorn.workers.GeventWebSocketWorker " + flask % "gevent"), 4, node("save", '{"seconds":12}'), client("chat", '{"seconds":9}'), "wait"],
        "py-ok-reload": [serve(gunicorn + "-k gthread --threads 20 --graceful-timeout 2 -w 1 " + flask % "threads"), 4, node("chat", '{"seconds":18}'), client("chat", '{"seconds":18,%s}' % polling), 6, ("hup", "serve"), "wait"],
        "py-ok-uvicorn-restart": [serve(uvicorn + " py_servers:quick_pings"), 4, node("chat", '{"seconds":20}'), client("chat", '{"seconds":20}'), node("chat", '{"seconds":20,%s}' % polling), 6, ("end", "serve"), 1.5, serve(uvicorn + " py_servers:quick_pings"), "wait"],
        "py-ok-short-sleep": [serve(server("quick_pings")), 4, client("chat", '{"seconds":18}'), client("chat", '{"seconds":18,%s}' % polling), 6, ("stop", "client"), 1.2, ("go-on", "client"), "wait"],
        "py-ok-gzip-polls": [serve(server("gzip_polls")), 4, client("table", '{"seconds":3,%s}' % polling), "wait"],
        "py-ok-many-users-polling": [serve(server("quick_pings")), 4] + [node("chat", '{"seconds":8,%s}' % polling)] * 4 + [client("chat", '{"seconds":4,%s}' % polling), client("chat", '{"seconds":9}'), "wait"],
        "py-ok-call-in-handler": [serve(server("call_in_handler")), 4, client("confirm", '{"seconds":6,%s}' % websocket), "wait"],
        "py-ok-tornado": [serve(server("tornado_run")), 4, client("save", '{"seconds":6}'), node("save", '{"seconds":12}'), "wait"],
        "py-ok-aiohttp-cookie-restart": [serve(server("aiohttp_run")), 4, node("chat", '{"seconds":16}'), client("chat", '{"seconds":16,%s}' % polling), 5, ("end", "serve"), 1.5, serve(server("aiohttp_run")), "wait"],
        "py-ok-sanic": [serve(server("sanic_long")), 5, node("silent", '{"seconds":24,%s}' % polling), client("save", '{"seconds":5}'), "wait"],
        "py-ok-daphne": [serve(f"{A}daphne -b 127.0.0.1 -p {port} asgi_application:application"), 4, node("save", '{"seconds":12}'), client("chat", '{"seconds":6,%s}' % polling), "wait"],
        "py-ok-hypercorn": [serve(f"{A}hypercorn -b 127.0.0.1:{port} asgi_application:application"), 4, node("save", '{"seconds":12}'), client("save", '{"seconds":3,%s}' % polling), "wait"],
        "py-ok-msgpack-rooms": [serve(server("msgpack_rooms")), 4, client("rooms", '{"seconds":6,"serializer":"msgpack"}'), client("rooms", '{"seconds":4,"serializer":"msgpack",%s}' % websocket), "wait"],
        "py-ok-leaves-at-once": [serve(server("quick_pings")), 4, client("again", '{"seconds":3,%s,"every":0}' % polling), 1] + [node("chat", '{"seconds":%s}' % s) for s in (0.05, 0.3, 1, 1.6)] + ["wait"],
        "py-ok-packet-below-limit": [serve(server("small_buffer")), 4, client("big", '{"seconds":4,%s}' % websocket), client("big", '{"seconds":4,%s}' % polling), "wait"],
    }


def token():
    sys.path.append(f"{ENVS}/a/lib/python3.11/site-packages")
    import jwt
    return jwt.encode({"sub": "zoe", "exp": 4000000000}, "a secret of thirty-two characters!", algorithm="HS256")


def listens(port):
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.2)


def record(folder, name, port):
    steps = situations(port)[name]
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    capture, started, dumps = f"{folder}/{name}/capture.pcap", [], []
    log = open(f"{folder}/{name}/said.log", "w")

    def begin(kind, command, out=log):
        started.append((kind, subprocess.Popen(shlex.split(command), cwd=HERE, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                                               env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "NODE_PATH": f"{ENVS}/n/node_modules"})))

    def each(kind):
        return [process for its, process in started if its == kind and process.poll() is None]

    try:
        for step in steps:
            if step == "wait":
                for process in each("client"):
                    process.wait(90)
                time.sleep(1)
            elif not isinstance(step, tuple):
                time.sleep(step)
            elif step[0] in ("serve", "serve-log"):
                begin("serve", step[1], open(f"{folder}/{name}/server.log", "a") if step[0] == "serve-log" else log)
            elif step[0] == "client":
                if not dumps:
                    listens(port)
                    dumps.append(subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-U", "-w", capture, f"tcp port {port}"], stderr=subprocess.DEVNULL))
                    time.sleep(1)
                begin("client", step[1])
                time.sleep(0.15)
            elif step[0] == "redis":
                begin("redis", f"redis-server --port {step[1]} --save '' --bind 127.0.0.1", subprocess.DEVNULL)
            elif step[0] == "kill-child":
                for process in each(step[1]):
                    children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
                    os.kill(int(max(children, key=lambda child: len(os.listdir(f"/proc/{child}/fd")))), signal.SIGKILL)
            else:
                for process in each(step[1]):
                    process.send_signal({"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "go-on": signal.SIGCONT, "hup": signal.SIGHUP, "end": signal.SIGTERM}[step[0]])
                if step[0] == "end":
                    for kind, process in started:
                        if kind == step[1]:
                            process.wait(20)
    finally:
        time.sleep(0.5)
        for dump in dumps:
            dump.terminate()
            dump.wait()
        for _, process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    all_names = list(situations(0))
    for name in names or all_names:
        record(folder, name, 24000 + 2 * all_names.index(name))
        print(name, os.path.getsize(f"{folder}/{name}/capture.pcap"), flush=True)


if __name__ == "__main__":
    main()
