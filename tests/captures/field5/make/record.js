// The situations of tests/captures/field5 that real software shows, one function each. `node record.js NAME FOLDER` records one, as root,
// best in a network namespace of its own (unshare -n, loopback up). FIELDTEST_MODULES as in proxies/make/scenes.js (v4 with express,
// http-proxy-middleware 3, vite 6), FIELDTEST_PYTHON: python-socketio 5, aiohttp, uvicorn.
'use strict';
const fs = require('fs'), http = require('http'), http2 = require('http2'), net = require('net'), path = require('path');
const { spawn } = require('child_process');
const stage = require('../../proxies/make/stage.js');
const { FRONT, BACK, SECOND, from, sleep, write, run, listening, application, listen, server, client, talk, nginx, upgrade, haproxy,
  varnish, work } = stage;

const polling = { transports: ['polling'] }, websocket = { transports: ['websocket'] };
const quick = { pingInterval: 2000, pingTimeout: 2000 };
const scenes = {};
const python = process.env.FIELDTEST_PYTHON || 'python3';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36';
const url = 'http://127.0.0.1:' + FRONT;
let target; // the case's folder

async function stay(seconds, ...clients) { await sleep(seconds * 1000); for (const each of clients) each.close(); await sleep(400); }

/* A server of servers.py; what it writes is kept beside the capture, without the machine's paths, where `log` is asked for. */
async function serve(name, port = FRONT, { log = false } = {}) {
  const child = run(python, [path.join(__dirname, 'servers.py'), name, String(port)],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' } });
  const root = path.dirname(path.dirname(python)), keep = (text) => {
    if (process.env.LOUD) process.stderr.write(text);
    if (log) fs.appendFileSync(path.join(target, 'server.log'), String(text).replaceAll(root, '/srv/app/venv').replaceAll(__dirname, '/srv/app'));
  };
  child.stdout.on('data', keep); child.stderr.on('data', keep);
  await listening(port);
}

/* What a browser asks for when a page is loaded: the page, its scripts, the icon. Gives back the statuses. */
async function load(agent, ...targets) {
  const statuses = [];
  for (const each of targets) {
    const [where, more] = Array.isArray(each) ? each : [each, {}];
    statuses.push(await new Promise((done, fail) => http.get(url + where, { agent, headers: {
      'User-Agent': CHROME, Accept: where === '/' ? 'text/html,application/xhtml+xml' : '*/*', 'Accept-Encoding': 'gzip, deflate',
      ...(where === '/' ? { 'Upgrade-Insecure-Requests': '1' } : { Referer: url + '/', 'Sec-Fetch-Dest': where.endsWith('.js') ? 'script' : 'image', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'same-origin' }), ...more } },
    (answer) => { answer.resume(); answer.on('end', () => done(answer.statusCode)); }).on('error', fail)));
  }
  return statuses;
}
const HTML = '<!doctype html><title>chat</title><script src="/socket.io/socket.io.js"></script><script>io()</script>';
const visitor = () => new http.Agent({ keepAlive: true, maxSockets: 1 });

/* ---- the client's script ---- */

scenes['client-script-404'] = async () => {
  // app.listen in place of server.listen: Socket.IO hangs at a server that listens nowhere.
  const express = from(4, 'express'), app = express();
  new (from(4, 'socket.io').Server)(http.createServer(app));
  app.get('/', (request, response) => response.send(HTML));
  await listen(http.createServer(app), FRONT);
  for (let n = 0; n < 4; n++) { await load(visitor(), '/', '/socket.io/socket.io.js', '/favicon.ico'); await sleep(2500); }
};
scenes['client-script-not-served'] = async () => {
  const web = http.createServer((request, response) => request.url === '/' ? response.end(HTML) : (response.statusCode = 404, response.end('no page\n')));
  application(new (from(4, 'socket.io').Server)(web, { serveClient: false }));
  await listen(web, FRONT);
  for (let n = 0; n < 4; n++) { await load(visitor(), '/', '/socket.io/socket.io.js', '/favicon.ico'); await sleep(2500); }
};
scenes['client-script-from-python'] = async () => {
  await serve('page');
  for (let n = 0; n < 4; n++) { await load(visitor(), '/', '/socket.io/socket.io.js', '/favicon.ico'); await sleep(2500); }
};
scenes['healthy-client-script-known'] = async () => {
  // The browser has the script already: 304. There is no icon: 404.
  const web = http.createServer((request, response) => request.url === '/' ? response.end(HTML) : (response.statusCode = 404, response.end('no page\n')));
  application(new (from(4, 'socket.io').Server)(web, quick));
  await listen(web, FRONT);
  const etag = `W/"${from(4, 'socket.io/package.json').version}"`;
  for (let n = 0; n < 3; n++) {
    const got = await load(visitor(), '/', ['/socket.io/socket.io.js', { 'If-None-Match': etag }], '/favicon.ico');
    if (got[1] !== 304) throw new Error('the script came: ' + got);
    await stay(3, talk(client(4, FRONT, { extraHeaders: { 'User-Agent': CHROME, Referer: url + '/' } })));
  }
};

/* ---- proxies of development ---- */

async function hpm() {
  const { createProxyMiddleware } = from(4, 'http-proxy-middleware');
  const proxy = createProxyMiddleware({ target: 'http://127.0.0.1:' + BACK, pathFilter: '/socket.io', ws: false });
  const web = http.createServer((request, response) => proxy(request, response, () => { response.statusCode = 404; response.end(); }));
  web.on('upgrade', proxy.upgrade);
  await listen(web, FRONT);
}
scenes['dev-proxy-backend-down'] = async () => { await hpm(); await stay(7, client(4, FRONT), client(4, FRONT, websocket)); };
scenes['healthy-dev-proxy-backend-restarts'] = async () => {
  let io = await server(4, BACK, quick);
  await hpm();
  const clients = [talk(client(4, FRONT)), talk(client(4, FRONT, polling))];
  await sleep(4000);
  io.disconnectSockets(true); io.web.close(); io.web.closeAllConnections();
  await sleep(1800);
  await server(4, BACK, quick);
  await stay(6, ...clients);
};
scenes['vite-backend-down'] = async () => {
  const { createServer } = from(4, 'vite');
  const root = path.join(work, 'site');
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'index.html'), '<!doctype html><title>chat</title>');
  const vite = await createServer({ root, configFile: false, logLevel: 'silent', optimizeDeps: { noDiscovery: true }, server: { host: '127.0.0.1', port: FRONT, strictPort: true,
    hmr: false, watch: null, proxy: { '/socket.io': { target: 'http://127.0.0.1:' + BACK, ws: true } } } });
  await vite.listen();
  await stay(7, client(4, FRONT), client(4, FRONT, websocket));
  await vite.close();
};

/* ---- nginx ---- */

scenes['nginx-worker-connections'] = async () => {
  await server(4, BACK, { pingInterval: 5000 });
  run('nginx', ['-c', write('small.conf', `daemon off; master_process off; pid ${work}/nginx.pid; error_log ${work}/nginx.log; events { worker_connections ${process.env.CONNECTIONS || 8}; }
    http { access_log off; client_body_temp_path ${work}/b; proxy_temp_path ${work}/p; fastcgi_temp_path ${work}/f; uwsgi_temp_path ${work}/u; scgi_temp_path ${work}/s;
    server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } } }`)]);
  await listening(FRONT);
  for (let n = 0; n < 3; n++) { talk(client(4, FRONT, websocket)); await sleep(300); }
  await sleep(1000);
  const late = client(4, FRONT);
  await stay(9, late);
};
// The client's polling sends its own Host whatever extraHeaders says; its WebSocket sends the given one.
const named = (more) => nginx(`server { listen 127.0.0.1:${FRONT} default_server; return 444; } server { listen 127.0.0.1:${FRONT}; server_name chat.example.org; location / { proxy_pass http://127.0.0.1:${BACK}; proxy_set_header Host $host; ${upgrade} } } ${more || ''}`);
scenes['nginx-444-for-the-host'] = async () => {
  await server(4, BACK, quick);
  await named();
  const good = talk(client(4, FRONT, { ...websocket, extraHeaders: { Host: 'chat.example.org' } }));
  const bad = client(4, FRONT, { ...websocket, extraHeaders: { Host: 'www.chat.example.org', 'User-Agent': CHROME } });
  await stay(9, good, bad);
};
scenes['healthy-444-for-a-scanner'] = async () => {
  await server(4, BACK, quick);
  await named();
  const good = [0, 1].map(() => talk(client(4, FRONT, { ...websocket, extraHeaders: { Host: 'chat.example.org' } })));
  await sleep(2000);
  for (const where of ['/', '/.env', '/socket.io/?EIO=4&transport=polling', '/wp-login.php'])
    await new Promise((done) => http.get(url + where, { headers: { 'User-Agent': 'Mozilla/5.0 zgrab/0.x', Accept: '*/*' } }, done).on('error', done));
  await stay(6, ...good);
};
scenes['nginx-host-not-passed'] = async () => {
  // python-socketio compares Origin with the Host that it gets, and nginx sends proxy_pass's.
  await serve('own_origin', BACK);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } }`);
  const page = { 'User-Agent': CHROME, Host: 'chat.example.org', Origin: 'http://chat.example.org' };
  await stay(7, client(4, FRONT, { ...websocket, extraHeaders: page }));
};
scenes['nginx-drops-websocket-key'] = async () => {
  await server(4, BACK, quick);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} proxy_set_header Sec-WebSocket-Key ""; } }`);
  await stay(7, talk(client(4, FRONT)), client(4, FRONT, websocket));
};
scenes['healthy-nginx-http10-polls'] = async () => {
  await server(4, BACK, quick);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; } }`);
  await stay(8, talk(client(4, FRONT, polling)), talk(client(4, FRONT, polling)));
};

/* ---- Varnish ---- */

scenes['varnish-first-byte-timeout'] = async () => {
  await server(4, BACK, {}, { tick: 0 });
  await varnish('sub vcl_recv { return (pass); } sub vcl_backend_fetch { set bereq.first_byte_timeout = 3s; }');
  for (let n = 0; n < 3; n++) { client(4, FRONT, polling); await sleep(700); }
  await sleep(15000);
};
scenes['varnish-without-pipe'] = async () => {
  await server(4, BACK, quick);
  await varnish('sub vcl_recv { return (pass); }');
  await stay(7, talk(client(4, FRONT)), client(4, FRONT, websocket));
};
scenes['healthy-varnish-passes'] = async () => {
  await server(4, BACK, quick);
  await varnish('sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } return (pass); } sub vcl_pipe { set bereq.http.upgrade = req.http.upgrade; set bereq.http.connection = req.http.connection; }');
  await stay(8, talk(client(4, FRONT)), talk(client(4, FRONT, polling)), talk(client(4, FRONT, websocket)));
};

/* ---- ports of something else ---- */

scenes['http1-to-h2c-port'] = async () => {
  await listen(http2.createServer((request, response) => response.end('ok')), FRONT);
  await stay(6, client(4, FRONT));
};
scenes['port-of-redis'] = async () => {
  run('redis-server', ['--port', String(FRONT), '--bind', '127.0.0.1', '--save', '', '--dir', work]);
  await listening(FRONT);
  await stay(6, client(4, FRONT), client(4, FRONT, websocket));
};

/* ---- servers ---- */

scenes['py-too-many-open-files'] = async () => {
  await serve('few_files', FRONT, { log: true });
  for (let n = 0; n < 4; n++) { talk(client(4, FRONT, websocket)); await sleep(200); }
  await sleep(2000);
  for (let n = 0; n < 4; n++) { client(4, FRONT, { timeout: 5000 }); await sleep(500); }
  await sleep(13000);
};
scenes['py-async-mode-guessed'] = async () => {
  await serve('async_mode_guessed', FRONT, { log: true });
  await stay(6, client(4, FRONT), client(4, FRONT, websocket));
};
/* A link that keeps all bytes for `late` milliseconds, each way. */
async function link(late) {
  await listen(net.createServer((a) => {
    const b = net.connect(BACK, '127.0.0.1');
    for (const [one, other] of [[a, b], [b, a]]) {
      one.on('data', (bytes) => setTimeout(() => other.writable && other.write(bytes), late));
      one.on('end', () => setTimeout(() => other.end(), late));
      one.on('error', () => other.destroy());
      one.on('close', () => setTimeout(() => other.destroy(), late));
    }
  }), FRONT);
}
scenes['ping-interval-in-seconds'] = async () => {
  // Meant as seconds: 25 and 20. node counts milliseconds.
  await server(4, BACK, { pingInterval: 25, pingTimeout: 20 });
  await link(30);
  await stay(6, talk(client(4, FRONT, websocket)), talk(client(4, FRONT)));
};
scenes['py-ping-interval-in-milliseconds'] = async () => {
  // Meant as milliseconds: 25000 and 60000. python counts seconds.
  await serve('milliseconds', BACK);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; proxy_read_timeout 4s; ${upgrade} } }`);
  for (let n = 0; n < 3; n++) { client(4, FRONT, websocket); await sleep(900); }
  await sleep(14000);
};
scenes['healthy-pings-every-300-ms'] = async () => {
  await server(4, BACK, { pingInterval: 300, pingTimeout: 5000 });
  await link(30);
  await stay(7, talk(client(4, FRONT, websocket)), talk(client(4, FRONT)));
};
scenes['healthy-ping-interval-5-minutes'] = async () => {
  await serve('five_minutes');
  await stay(9, talk(client(4, FRONT, websocket)), talk(client(4, FRONT)));
};

/* ---- Socket.IO ---- */

scenes['retries-never-acknowledged'] = async () => {
  // The client repeats an event until it is acknowledged; the server's handler takes no callback.
  const io = await server(4, FRONT, quick, { tick: 0 });
  io.on('connection', (socket) => socket.on('order', () => {}));
  const one = client(4, FRONT, { ...websocket, retries: 3, ackTimeout: 1000 });
  await sleep(800);
  for (const item of ['tea', 'milk', 'bread']) one.emit('order', { item });
  await stay(14, one);
};
const twoServers = (balance) => haproxy(`defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  timeout tunnel 60s
  retries 2
  option redispatch 1
frontend f
  bind 127.0.0.1:${FRONT}
  default_backend b
backend b
  balance ${balance}
  server one 127.0.0.1:${BACK}
  server two 127.0.0.1:${SECOND}
`);
scenes['recovery-at-another-server'] = async () => {
  // Each server keeps the state of its own clients: a client that comes back to the other one is not recovered, and misses ticks.
  const options = { ...quick, connectionStateRecovery: {} };
  await server(4, BACK, options, { tick: 500 });
  await server(4, SECOND, options, { tick: 500 });
  await twoServers('roundrobin');
  const one = client(4, FRONT, { ...websocket, reconnectionDelay: 1500, reconnectionDelayMax: 1500 });
  await sleep(3000);
  for (let n = 0; n < 3; n++) { one.io.engine.close(); await sleep(4500); }
  await stay(0.5, one);
};
scenes['recovery-without-offset'] = async () => {
  // The client lost its connection before its first event, so that it has no offset: it is not recovered, and misses the news.
  const web = http.createServer();
  const io = new (from(4, 'socket.io').Server)(web, { ...quick, connectionStateRecovery: {} });
  await listen(web, FRONT);
  const one = client(4, FRONT, { ...websocket, reconnectionDelay: 1500, reconnectionDelayMax: 1500 });
  await sleep(2500);
  for (let n = 0; n < 3; n++) { one.io.engine.close(); await sleep(700); io.emit('news', { n }); await sleep(3500); }
  await stay(0.5, one);
};
scenes['healthy-multiplex-false'] = async () => {
  const io = await server(4, FRONT, quick);
  for (const name of ['/chat', '/news', '/admin']) application(io.of(name));
  const more = { multiplex: false, extraHeaders: { Cookie: 'session=made-up-zoe', 'User-Agent': CHROME } };
  await stay(8, ...['/chat', '/news', '/admin'].map((name) => talk(client(4, url + name, more))));
};
scenes['healthy-drained-one-by-one'] = async () => {
  // A server takes no more connections and sends its clients away one by one; they go to the other.
  const first = await server(4, BACK, quick);
  await server(4, SECOND, quick);
  await twoServers('roundrobin');
  const clients = [];
  for (let n = 0; n < 6; n++) { clients.push(talk(client(4, FRONT, websocket))); await sleep(150); }
  await sleep(3000);
  first.web.close();
  for (const socket of [...first.sockets.sockets.values()]) { socket.conn.close(); await sleep(1100); }
  await stay(4, ...clients);
};
scenes['healthy-token-refreshed-after-error'] = async () => {
  // The token has expired when the page connects; the middleware says so, the page gets a new one and comes in.
  const io = await server(4, FRONT, quick);
  io.use((socket, next) => socket.handshake.auth.token === 'new-made-up' ? next() : next(Object.assign(new Error('token expired'), { data: { code: 'TOKEN_EXPIRED' } })));
  const clients = [0, 1].map((n) => {
    const one = client(4, FRONT, { ...(n ? websocket : {}), auth: { token: 'old-made-up' } });
    one.on('connect_error', () => setTimeout(() => { one.auth.token = 'new-made-up'; one.connect(); }, 300));
    return talk(one);
  });
  await stay(7, ...clients);
};
scenes['healthy-herd-after-restart'] = async () => {
  let io = await server(4, FRONT, quick);
  const clients = [];
  for (let n = 0; n < 14; n++) clients.push(client(4, FRONT, { ...websocket, reconnectionDelay: 600, reconnectionDelayMax: 600 }));
  await sleep(4000);
  io.web.close(); io.engine.close(); io.web.closeAllConnections();
  await sleep(400);
  await server(4, FRONT, quick);
  await stay(6, ...clients);
};

if (require.main === module) {
  const [name, folder] = process.argv.slice(2);
  if (!scenes[name]) { console.log(Object.keys(scenes).join('\n')); process.exit(name ? 2 : 0); }
  target = folder;
  fs.mkdirSync(folder, { recursive: true });
  stage.record(name, scenes[name], folder).then(() => process.exit(0), (wrong) => { console.error(name, wrong); process.exit(1); });
}
