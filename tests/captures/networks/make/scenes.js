// The situations of tests/captures/networks, one function each. `node scenes.js NAME FOLDER` records one (see tests/captures/README.md).
'use strict';
const http = require('http'), net = require('net'), fs = require('fs'), path = require('path');
const { spawn } = require('child_process');
const stage = require('../../proxies/make/stage.js');
const { FRONT, BACK, SECOND, from, sleep, write, run, listening, application, listen, server, client, talk, nginx, upgrade, haproxy,
  caddy } = stage;

const polling = { transports: ['polling'] }, websocket = { transports: ['websocket'] };
const scenes = {}, parts = {};
const quick = { pingInterval: 2000, pingTimeout: 2000 };
const python = process.env.FIELDTEST_PYTHON || 'python3';

async function serve(name, port = FRONT) {
  run(python, [path.join(__dirname, 'servers.py'), name, String(port)]);
  await listening(port);
}
async function stay(seconds, ...clients) { await sleep(seconds * 1000); for (const each of clients) each.close(); await sleep(400); }

/* A middlebox: passes bytes on from FRONT to BACK. `idle`: after so long without bytes it forgets a connection, and then drops what
 * comes (`drop`) or answers it with RST. `late`: milliseconds that it keeps everything. */
async function middlebox({ idle, drop, late = 0 }) {
  await listen(net.createServer((a) => {
    const b = net.connect(BACK, '127.0.0.1');
    let last = Date.now();
    const pass = (one, other) => {
      one.on('data', (bytes) => {
        const forgotten = idle && Date.now() - last > idle;
        if (forgotten && drop) return;
        if (forgotten) { a.resetAndDestroy(); b.destroy(); return; }
        last = Date.now();
        setTimeout(() => other.writable && other.write(bytes), late);
      });
      one.on('end', () => setTimeout(() => other.end(), late));
      one.on('error', () => other.destroy());
      one.on('close', () => setTimeout(() => other.destroy(), late));
    };
    pass(a, b); pass(b, a);
  }), FRONT);
}

/* ---- networks ---- */

scenes['nat-drops-idle'] = async (stop) => {
  await server(4, BACK, { pingInterval: 6000, pingTimeout: 3000 }, { tick: 0 });
  await middlebox({ idle: 4000, drop: true });
  for (let n = 0; n < 2; n++) client(4, FRONT, { ...websocket, reconnection: false });
  await sleep(13000);
  await stop();
};
scenes['nat-resets-idle'] = async (stop) => {
  await server(4, BACK, { pingInterval: 6000, pingTimeout: 3000 }, { tick: 0 });
  await middlebox({ idle: 4000 });
  for (let n = 0; n < 3; n++) { client(4, FRONT, websocket); await sleep(400); }
  await sleep(15000);
  await stop();
};
scenes['healthy-slow-link'] = async () => {
  await server(4, BACK, {}, { tick: 2000 });
  await middlebox({ late: 700 });
  const one = talk(client(4, FRONT)), two = talk(client(4, FRONT, polling)), three = talk(client(4, FRONT, websocket));
  await stay(14, one, two, three);
  await sleep(2500);
};
scenes['healthy-long-silence-with-pings'] = async () => {
  await server(4, BACK, quick, { tick: 0 });
  await middlebox({ idle: 4000 });
  await stay(12, client(4, FRONT, websocket), client(4, FRONT, polling));
};

scenes['ipv6-only'] = async (stop) => {
  const web = http.createServer();
  application(new (from(4, 'socket.io').Server)(web));
  await new Promise((done) => web.listen(FRONT, '::1', done));
  client(4, FRONT, { reconnectionDelayMax: 500 });
  await sleep(4000);
  await stop();
  web.close();
};
scenes['healthy-dual-stack'] = async () => {
  await server(4, FRONT); // on 127.0.0.1 alone
  await stay(6, talk(client(4, 'http://localhost:' + FRONT)), talk(client(4, 'http://localhost:' + FRONT, websocket)));
};

/* ---- proxies ---- */

async function tinyproxy() {
  run('tinyproxy', ['-d', '-c', write('tiny.conf', `Port ${FRONT}\nListen 127.0.0.1\nTimeout 60\nMaxClients 30\nReversePath "/" "http://127.0.0.1:${BACK}/"\nReverseOnly Yes\n`)]);
  await listening(FRONT);
}
scenes['tinyproxy-http10'] = async () => { await server(4, BACK, quick); await tinyproxy(); await stay(9, talk(client(4, FRONT))); };
scenes['healthy-tinyproxy-polling'] = async () => { await server(4, BACK, quick); await tinyproxy(); await stay(9, talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling))); };

async function lighttpd(more) {
  run('lighttpd', ['-D', '-f', write('lighttpd.conf', `server.port = ${FRONT}\nserver.bind = "127.0.0.1"\nserver.document-root = "${stage.work}"\n` +
    `server.modules = ("mod_proxy")\nserver.stream-response-body = 1\nproxy.server = ("/socket.io" => (("host" => "127.0.0.1", "port" => ${BACK})))\n${more}\n`)]);
  await listening(FRONT);
}
scenes['lighttpd-without-upgrade'] = async () => { await server(4, BACK, quick); await lighttpd(''); await stay(8, talk(client(4, FRONT)), client(4, FRONT, websocket)); };
scenes['healthy-lighttpd-upgrade'] = async () => { await server(4, BACK, quick); await lighttpd('proxy.header = ("upgrade" => "enable")'); await stay(9, talk(client(4, FRONT)), talk(client(4, FRONT, websocket))); };

async function nghttpx(...more) {
  run('nghttpx', ['--no-conf', `--frontend=127.0.0.1,${FRONT};no-tls`, `--backend=127.0.0.1,${BACK};/;proto=http/1.1`, '--workers=1', '--errorlog-file=/dev/null', ...more].filter((w) => w !== '--no-conf').concat(['--conf=/dev/null']));
  await listening(FRONT);
}
scenes['nghttpx-cuts-polls'] = async () => {
  await server(4, BACK, {}, { tick: 0 });
  await nghttpx('--backend-read-timeout=3s');
  for (let n = 0; n < 3; n++) { client(4, FRONT, polling); await sleep(500); }
  await sleep(15000);
};
scenes['healthy-nghttpx'] = async () => { await server(4, BACK, quick); await nghttpx(); await stay(9, talk(client(4, FRONT)), talk(client(4, FRONT, polling)), talk(client(4, FRONT, websocket))); };

scenes['nginx-limit-conn'] = async () => {
  await server(4, BACK, quick);
  await nginx(`limit_conn_zone $binary_remote_addr zone=one:1m; server { listen ${FRONT}; location / { limit_conn one 1; proxy_pass http://127.0.0.1:${BACK}; } }`);
  talk(client(4, FRONT, polling));
  await sleep(9000);
};
scenes['healthy-nginx-limit-conn-wide'] = async () => {
  await server(4, BACK, quick);
  await nginx(`limit_conn_zone $binary_remote_addr zone=one:1m; server { listen ${FRONT}; location / { limit_conn one 20; proxy_pass http://127.0.0.1:${BACK}; } }`);
  await stay(8, talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling)));
};
const caching = (key, valid) => `proxy_cache_path ${stage.work}/cache keys_zone=polls:1m; server { listen ${FRONT}; location / { proxy_cache polls; proxy_cache_valid 200 ${valid};
  proxy_ignore_headers Cache-Control Expires Set-Cookie; proxy_cache_key ${key}; add_header X-Cache-Status $upstream_cache_status; proxy_pass http://127.0.0.1:${BACK}; } }`;
scenes['nginx-caches-polls'] = async () => {
  await server(4, BACK, quick);
  await nginx(caching('"$uri$arg_sid$arg_transport"', '20s'));
  talk(client(4, FRONT, polling));
  await sleep(7000);
};
scenes['nginx-caches-handshakes'] = async () => {
  await server(4, BACK, quick);
  await nginx(caching('"$uri$arg_sid$arg_x"', '20s').replace('location / {', `location / { if ($arg_sid) { set $skip 1; } proxy_cache_bypass $arg_sid; proxy_no_cache $arg_sid;`));
  for (let n = 0; n < 3; n++) { talk(client(4, FRONT, polling)); await sleep(900); }
  await sleep(6000);
};
scenes['healthy-nginx-cache-respects-headers'] = async () => {
  await server(4, BACK, quick);
  await nginx(`proxy_cache_path ${stage.work}/cache keys_zone=pages:1m; server { listen ${FRONT}; location / { proxy_cache pages; add_header X-Cache-Status $upstream_cache_status; proxy_pass http://127.0.0.1:${BACK}; } }`);
  await stay(8, talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling)));
};
scenes['healthy-nginx-gzip'] = async () => {
  await server(4, BACK, { ...quick, httpCompression: false });
  await nginx(`gzip on; gzip_min_length 1; gzip_proxied any; gzip_types text/plain; server { listen ${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; } }`);
  await stay(8, talk(client(4, FRONT, { ...polling, extraHeaders: { 'Accept-Encoding': 'identity' } })), talk(client(4, FRONT, polling)));
};
scenes['healthy-nginx-chunked'] = async () => {
  await server(4, BACK, quick);
  await nginx(`server { listen ${FRONT}; location / { sub_filter_types *; sub_filter 'never there' 'x'; proxy_http_version 1.1; proxy_set_header Accept-Encoding ""; proxy_pass http://127.0.0.1:${BACK}; } }`);
  await stay(8, talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling)));
};

/* An own nginx with a master, for reloads. */
async function reloading(timeout, seconds) {
  const conf = `daemon off; pid ${stage.work}/nginx.pid; worker_processes 1; error_log ${stage.work}/nginx.log; user root; ${timeout} events {} http { access_log off;
    proxy_temp_path ${stage.work}/p; client_body_temp_path ${stage.work}/b; fastcgi_temp_path ${stage.work}/f; uwsgi_temp_path ${stage.work}/u; scgi_temp_path ${stage.work}/s;
    server { listen ${FRONT}; location / { ${upgrade} proxy_pass http://127.0.0.1:${BACK}; } } }`;
  const master = run('nginx', ['-c', write('nginx.conf', conf)]);
  await listening(FRONT);
  const all = [talk(client(4, FRONT, websocket)), talk(client(4, FRONT, websocket)), talk(client(4, FRONT))];
  await sleep(4000);
  master.kill('SIGHUP');
  await stay(seconds, ...all);
  master.kill('SIGTERM');
  await sleep(300);
}
scenes['nginx-reload-cuts'] = async () => { await server(4, BACK, quick); await reloading('worker_shutdown_timeout 2s;', 7); };
scenes['healthy-nginx-reload'] = async () => { await server(4, BACK, quick); await reloading('', 7); };

const hap = (front, back, more = '') => `global\n maxconn 200\ndefaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n timeout tunnel 1h\n${more}frontend f\n bind 127.0.0.1:${FRONT}\n${front} default_backend b\nbackend b\n${back}\n`;
scenes['haproxy-maxconn-queue'] = async (stop) => {
  await server(4, BACK, {}, { tick: 0 });
  await haproxy(hap('', ` server s 127.0.0.1:${BACK} maxconn 3`, ' timeout queue 1500ms\n'));
  for (let n = 0; n < 5; n++) { talk(client(4, FRONT, polling)); await sleep(300); }
  await sleep(9000);
  await stop();
};
scenes['healthy-haproxy-http-server-close'] = async () => {
  await server(4, BACK, quick);
  await haproxy(hap(' option http-server-close\n', ` server s 127.0.0.1:${BACK}`));
  await stay(9, talk(client(4, FRONT)), talk(client(4, FRONT, polling)));
};
scenes['haproxy-failover'] = async () => {
  const one = await server(4, BACK, quick), two = await server(4, SECOND, quick);
  await haproxy(hap('', ` option redispatch\n retries 1\n balance first\n server a 127.0.0.1:${BACK} check inter 500ms fall 1\n server b 127.0.0.1:${SECOND} check inter 500ms backup`));
  const all = [talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling))];
  await sleep(4000);
  one.web.close(); one.web.closeAllConnections();
  await stay(8, ...all);
};
const checked = ` option httpchk GET "/socket.io/?EIO=4&transport=polling"\n server s 127.0.0.1:${BACK} check inter 700ms`;
scenes['healthy-httpchk-opens-sessions'] = async () => { await server(4, BACK, quick); await haproxy(hap('', checked)); await stay(11, talk(client(4, FRONT))); };
scenes['healthy-tcp-checks'] = async () => {
  await server(4, BACK, quick);
  await haproxy(hap('', ` server s 127.0.0.1:${BACK} check inter 300ms`));
  await stay(8, talk(client(4, FRONT)), talk(client(4, FRONT, websocket)));
};
const tcp = `global\n maxconn 200\ndefaults\n mode tcp\n timeout connect 2s\n timeout client 60s\n timeout server 60s\nlisten l\n bind 127.0.0.1:${FRONT}\n`;
scenes['proxy-protocol-unexpected'] = async (stop) => {
  await server(4, BACK, quick);
  await haproxy(tcp + ` server s 127.0.0.1:${BACK} send-proxy\n`);
  client(4, FRONT, polling); client(4, FRONT, websocket);
  await sleep(5000);
  await stop();
};
scenes['healthy-proxy-protocol'] = async () => {
  await server(4, SECOND, quick);
  await nginx(`server { listen ${BACK} proxy_protocol; location / { ${upgrade} proxy_pass http://127.0.0.1:${SECOND}; } }`, BACK);
  await haproxy(tcp + ` server s 127.0.0.1:${BACK} send-proxy\n`);
  await stay(8, talk(client(4, FRONT)), talk(client(4, FRONT, polling)));
};

async function limited(begin) {
  await server(4, BACK, quick);
  await begin();
  const one = talk(client(4, FRONT, polling));
  await sleep(2000);
  one.emit('save', 'x'.repeat(20000), () => {});
  await stay(5, one);
}
scenes['caddy-413'] = () => limited(() => caddy(`request_body {\n max_size 8KB\n}\nreverse_proxy 127.0.0.1:${BACK}`));
scenes['caddy-cuts-polls'] = async () => {
  await server(4, BACK, {}, { tick: 0 });
  await caddy(`reverse_proxy 127.0.0.1:${BACK} {\n transport http {\n response_header_timeout 3s\n }\n}`);
  for (let n = 0; n < 3; n++) { client(4, FRONT, polling); await sleep(500); }
  await sleep(14000);
};

/* A proxy of node's own making: `change(answer, body)` may change what comes back. */
async function changing(change) {
  await listen(http.createServer((request, response) => {
    const onward = http.request({ host: '127.0.0.1', port: BACK, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const body = Buffer.concat(parts), changed = change(request, answer, body);
        if (!changed) { response.writeHead(answer.statusCode, answer.headers); response.end(body); return; }
        if (changed.raw) { response.socket.write(changed.raw); return; }
        response.writeHead(answer.statusCode, changed.headers);
        response.end(changed.body);
      });
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => response.writableFinished || onward.destroy());
    request.pipe(onward);
  }), FRONT);
}
const isPoll = (request) => request.method === 'GET' && /sid=/.test(request.url);
const withLength = (answer, body, length) => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${length}\r\n\r\n`), body]);
scenes['content-length-too-long'] = async (stop) => {
  await server(4, BACK, quick);
  let n = 0;
  await changing((request, answer, body) => isPoll(request) && ++n > 3 ? { raw: withLength(answer, body, body.length + 7) } : null);
  talk(client(4, FRONT, { ...polling, agent: new http.Agent({ keepAlive: true }) }));
  await sleep(10000);
  await stop();
};
scenes['content-length-too-short'] = async () => {
  await server(4, BACK, quick);
  let n = 0;
  await changing((request, answer, body) => isPoll(request) && body.length > 20 && ++n % 2 === 0 ? { raw: withLength(answer, body, body.length - 6) } : null);
  talk(client(4, FRONT, { ...polling, agent: new http.Agent({ keepAlive: true }) }));
  await sleep(9000);
};
scenes['gzip-header-hidden'] = async () => {
  const io = await server(4, BACK, { ...quick, httpCompression: { threshold: 16 } });
  await nginx(`server { listen ${FRONT}; location / { proxy_hide_header Content-Encoding; proxy_pass http://127.0.0.1:${BACK}; } }`);
  talk(client(4, FRONT, { ...polling, extraHeaders: { 'Accept-Encoding': 'gzip' } }));
  await sleep(7000);
};
scenes['healthy-script-in-post-answers'] = async () => {
  await server(4, BACK, quick);
  await changing((request, answer, body) => request.method === 'POST'
    ? { headers: { 'Content-Type': 'text/html' }, body: body + '<script src="/guard.js"></script>' } : null);
  await stay(8, talk(client(4, FRONT, polling)));
};

/* ---- servers ---- */

scenes['node-server-timeout'] = async (stop) => {
  const io = await server(4, FRONT, {}, { tick: 0 });
  io.web.timeout = 4000;
  for (let n = 0; n < 3; n++) { client(4, FRONT, polling); await sleep(700); }
  await sleep(15000);
  await stop();
};
scenes['two-servers-one-http'] = async (stop) => {
  const again = async () => { const child = run(process.execPath, [__filename, '--part', 'two']); child.once('exit', () => setTimeout(again, 700)); };
  await again();
  await listening(FRONT);
  talk(client(4, FRONT, websocket));
  await sleep(8000);
  await stop();
};
parts.two = async () => {
  const web = http.createServer(), { Server } = from(4, 'socket.io');
  application(new Server(web)); application(new Server(web));
  web.listen(FRONT, '127.0.0.1');
};
scenes['trailing-slash'] = async () => {
  await server(4, FRONT);
  client(4, FRONT, { addTrailingSlash: false }); client(4, FRONT, { addTrailingSlash: false, ...websocket });
  await sleep(5000);
};
scenes['healthy-no-trailing-slash'] = async () => {
  await server(4, FRONT, { ...quick, addTrailingSlash: false });
  await stay(7, talk(client(4, FRONT, { addTrailingSlash: false })), talk(client(4, FRONT, { addTrailingSlash: false, ...websocket })));
};
scenes['slow-handshake-short-timeout'] = async (stop) => {
  await server(4, FRONT, { allowRequest: (request, done) => setTimeout(() => done(null, true), 3000) });
  client(4, FRONT, { ...polling, timeout: 1500 });
  client(4, FRONT, { ...websocket, timeout: 1500 });
  await sleep(12000);
  await stop();
};
scenes['healthy-slow-handshake'] = async () => {
  await server(4, FRONT, { ...quick, allowRequest: (request, done) => setTimeout(() => done(null, true), 3000) });
  await stay(10, talk(client(4, FRONT, polling)), talk(client(4, FRONT, websocket)));
};

/* NestJS without its compiler: the decorators are called by hand. */
async function nest(port, gatewayPort) {
  process.chdir(path.join(process.env.FIELDTEST_MODULES, 'v4'));
  from(4, 'reflect-metadata');
  const ws = from(4, '@nestjs/websockets'), { NestFactory } = from(4, '@nestjs/core'), { Module } = from(4, '@nestjs/common');
  const { IoAdapter } = from(4, '@nestjs/platform-socket.io');
  class Gateway {
    say(text) { return { event: 'said', data: text }; }
    order(text) { if (text.length > 20) throw new ws.WsException('too long'); return { ok: true }; }
  }
  for (const [name, event] of [['say', 'say'], ['order', 'order']])
    ws.SubscribeMessage(event)(Gateway.prototype, name, Object.getOwnPropertyDescriptor(Gateway.prototype, name));
  for (const name of ['say', 'order']) ws.MessageBody()(Gateway.prototype, name, 0);
  (gatewayPort ? ws.WebSocketGateway(gatewayPort, { cors: true }) : ws.WebSocketGateway({ cors: true }))(Gateway);
  class App { }
  Module({ providers: [Gateway] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(port, '127.0.0.1');
  stage.work && process.on('exit', () => app.close());
}
scenes['nest-other-port'] = async () => {
  await nest(FRONT, BACK);
  client(4, FRONT, polling); client(4, FRONT, websocket);
  await sleep(5000);
};
scenes['nest-exception-no-ack'] = async (stop) => {
  await nest(FRONT);
  const one = client(4, FRONT, websocket);
  await sleep(1000);
  for (let n = 0; n < 6; n++) { one.emit('order', n === 2 || n === 4 ? 'a very long order that is refused' : 'tea', () => {}); await sleep(1500); }
  await sleep(6000);
  one.emit('say', 'still here');
  await stop();
};
scenes['healthy-nest'] = async () => {
  await nest(FRONT);
  const one = client(4, FRONT), two = client(4, FRONT, websocket);
  await sleep(1000);
  for (let n = 0; n < 8; n++) { one.emit('order', 'tea', () => {}); two.emit('say', 'good morning'); await sleep(700); }
  await stay(1, one, two);
};
scenes['healthy-helmet-and-compression'] = async () => {
  const app = from(4, 'express')();
  app.use(from(4, 'helmet')()); app.use(from(4, 'compression')({ threshold: 0 }));
  app.get('/', (request, response) => response.send('<h1>orchard</h1>'));
  const web = http.createServer(app);
  application(new (from(4, 'socket.io').Server)(web, { ...quick, httpCompression: { threshold: 8 } }));
  await listen(web, FRONT);
  await stay(8, talk(client(4, FRONT, { ...polling, extraHeaders: { 'Accept-Encoding': 'gzip, deflate' } })), talk(client(4, FRONT)));
};
scenes['healthy-deflate-declined'] = async () => {
  await server(4, FRONT, { ...quick, perMessageDeflate: { threshold: 0 } });
  await stay(7, talk(client(4, FRONT, { ...websocket, perMessageDeflate: false })), talk(client(4, FRONT, { ...websocket, perMessageDeflate: { threshold: 0 } })));
};

async function googollee() {
  run(process.env.FIELDTEST_GOOGOLLEE, [String(FRONT)]);
  await listening(FRONT);
}
scenes['googollee-client-4'] = async (stop) => { await googollee(); client(4, FRONT, polling); client(4, FRONT, websocket); await sleep(6000); await stop(); };
scenes['healthy-googollee-client-1'] = async () => { await googollee(); await stay(7, client(2, FRONT, polling), client(2, FRONT, websocket)); };

scenes['uvicorn-ws-max-size'] = async () => {
  await serve('uvicorn_ws_max_size');
  const one = talk(client(4, FRONT, websocket));
  for (let n = 0; n < 3; n++) { await sleep(2000); one.emit('save', 'x'.repeat(30000), () => {}); }
  await sleep(2500);
};
scenes['healthy-uvicorn-below-size'] = async () => {
  await serve('uvicorn_ws_max_size');
  const one = talk(client(4, FRONT, websocket));
  for (let n = 0; n < 3; n++) { await sleep(1500); one.emit('save', 'x'.repeat(12000), () => {}); }
  await stay(2, one);
};
scenes['static-files-first'] = async () => { await serve('static_files_first'); client(4, FRONT, polling); client(4, FRONT, websocket); await sleep(5000); };
scenes['healthy-static-files-last'] = async () => { await serve('static_files_last'); await stay(7, talk(client(4, FRONT, { path: '/socket.io/socket.io' }))); };
scenes['healthy-wsproto'] = async () => { await serve('wsproto'); await stay(8, talk(client(4, FRONT)), talk(client(4, FRONT, websocket))); };
scenes['gunicorn-sync-worker'] = async (stop) => {
  const master = run(python, ['-m', 'gunicorn', '-w', '1', '-b', `127.0.0.1:${FRONT}`, '--chdir', __dirname, '--timeout', '8', 'servers:flask_app()']);
  await listening(FRONT);
  talk(client(4, FRONT, polling)); await sleep(500); talk(client(4, FRONT, polling));
  await sleep(20000);
  await stop();
  master.kill('SIGTERM'); // it ends its worker
  await sleep(1000);
};

/* ---- clients ---- */

/* A component of React in strict mode: its effect opens a socket; with `cleanup` it closes it. */
async function strict(cleanup, query) {
  const dom = new (from(4, 'jsdom').JSDOM)('<div id="root"></div>');
  global.window = dom.window; global.document = dom.window.document; global.navigator = dom.window.navigator;
  global.IS_REACT_ACT_ENVIRONMENT = false;
  process.env.NODE_ENV = 'development';
  const React = from(4, 'react'), { createRoot } = from(4, 'react-dom/client');
  delete global.window;
  const opened = [];
  const Page = () => {
    React.useEffect(() => {
      const socket = client(4, FRONT, { query });
      opened.push(socket);
      socket.on('connect', () => talk(socket, 600));
      return () => cleanup && socket.close();
    }, []);
    return React.createElement('p', null, 'orchard');
  };
  global.window = dom.window;
  createRoot(dom.window.document.getElementById('root')).render(React.createElement(React.StrictMode, null, React.createElement(Page)));
  await sleep(1000);
  delete global.window;
  return opened;
}
scenes['strict-mode-without-cleanup'] = async () => { await server(4, FRONT, quick); const all = await strict(false, { token: 'page-7' }); await stay(12, ...all); };
scenes['healthy-strict-mode-with-cleanup'] = async () => { await server(4, FRONT, quick); const all = await strict(true, { token: 'page-7' }); await stay(9, ...all); };

scenes['healthy-expect-100'] = async () => {
  await server(4, FRONT, quick);
  const ask = (method, at, body) => new Promise((done, fail) => {
    const request = http.request({ host: '127.0.0.1', port: FRONT, path: '/socket.io/?EIO=4&transport=polling' + at, method,
      headers: body ? { Expect: '100-continue', 'Content-Type': 'text/plain;charset=UTF-8', 'Content-Length': body.length } : {} }, (answer) => {
      let text = ''; answer.on('data', (d) => text += d); answer.on('end', () => done(text));
    });
    request.on('error', fail);
    if (body) request.on('continue', () => request.end(body)); else request.end();
  });
  const { sid } = JSON.parse((await ask('GET', '')).slice(1));
  await ask('POST', '&sid=' + sid, '40');
  for (let n = 0; n < 6; n++) {
    const packets = (await ask('GET', '&sid=' + sid)).split('\x1e');
    for (const packet of packets) if (packet === '2') await ask('POST', '&sid=' + sid, '3');
    await ask('POST', '&sid=' + sid, '42["say","good morning"]');
  }
  await ask('POST', '&sid=' + sid, '41\x1e1');
};
scenes['healthy-fragments'] = async () => {
  await server(4, FRONT, quick);
  const peer = new (from(4, 'ws').WebSocket)(`ws://127.0.0.1:${FRONT}/socket.io/?EIO=4&transport=websocket`);
  peer.on('message', (m) => { if (String(m) === '2') peer.send('3'); });
  await new Promise((done) => peer.on('open', done));
  peer.send('40');
  for (let n = 0; n < 8; n++) {
    await sleep(700);
    peer.send('42["sa', { fin: false }); await sleep(20); peer.send('y","good mo', { fin: false }); await sleep(20); peer.send('rning"]', { fin: true });
  }
  peer.send('41'); peer.close(1000);
  await sleep(500);
};
scenes['healthy-reset-after-close-frame'] = async () => {
  await server(4, FRONT, quick);
  for (let n = 0; n < 4; n++) {
    const one = talk(client(4, FRONT, websocket));
    await sleep(2000);
    const raw = one.io.engine.transport.ws._socket;
    one.close();
    await sleep(60);
    raw.resetAndDestroy();
    await sleep(300);
  }
};
scenes['healthy-keepalive-agent'] = async () => {
  await server(4, FRONT, quick);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  await stay(9, talk(client(4, FRONT, { ...polling, agent })), talk(client(4, FRONT, { ...polling, agent })));
  agent.destroy();
};
scenes['healthy-retries'] = async () => {
  const io = await server(4, FRONT, quick);
  io.on('connection', (socket) => socket.on('slow', (text, done) => setTimeout(() => done('kept'), 2500)));
  const one = client(4, FRONT, { retries: 3, ackTimeout: 1500 });
  await sleep(800);
  one.emit('slow', 'first');
  await stay(11, one);
};
scenes['healthy-binary-by-polling'] = async () => {
  const io = await server(4, FRONT, quick);
  io.on('connection', (socket) => socket.on('image', (bytes, done) => { socket.emit('thumbnail', bytes.subarray(0, 40)); done(bytes.length); }));
  const one = client(4, FRONT, polling);
  await sleep(800);
  for (let n = 0; n < 6; n++) { one.emit('image', Buffer.alloc(4000, n), () => {}); await sleep(900); }
  await stay(1, one);
};
scenes['healthy-leaves-during-handshake'] = async () => {
  await server(4, FRONT, { ...quick, allowRequest: (request, done) => setTimeout(() => done(null, true), 1200) });
  for (let n = 0; n < 3; n++) { const one = client(4, FRONT, n % 2 ? websocket : polling); await sleep(500); one.close(); await sleep(300); }
  await stay(6, talk(client(4, FRONT)));
};

if (process.argv[2] === '--part') parts[process.argv[3]](...process.argv.slice(4));
else if (require.main === module) {
  const [name, target] = process.argv.slice(2);
  if (!scenes[name]) { console.log(Object.keys(scenes).join('\n')); process.exit(name ? 2 : 0); }
  stage.record(name, scenes[name], target).then(() => process.exit(0), (wrong) => { console.error(name, wrong); process.exit(1); });
}
