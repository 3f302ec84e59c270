// The situations of tests/captures/proxies, one function each. `node scenes.js NAME FOLDER` records one (see tests/captures/README.md).
'use strict';
const http = require('http'), https = require('https'), fs = require('fs'), cluster = require('cluster');
const { execFileSync } = require('child_process');
const stage = require('./stage.js');
const { FRONT, BACK, SECOND, from, sleep, write, run, listening, application, listen, server, client, talk, nginx, upgrade, haproxy,
  apache, varnish, squid, caddy, part } = stage;

const polling = { transports: ['polling'] }, websocket = { transports: ['websocket'] };
const scenes = {}, parts = {};

/* ---- what the application's own web server does ---- */

scenes['post-body-read-before'] = async (stop) => {
  const express = from(4, 'express'), app = express();
  const { Server } = from(4, 'socket.io'), { Server: Engine } = from(4, 'engine.io');
  const engine = new Engine(), io = new Server();
  io.bind(engine);
  application(io);
  app.use(express.text({ type: '*/*' }));
  app.all('/socket.io/', (request, response) => engine.handleRequest(request, response));
  await listen(http.createServer(app), FRONT);
  talk(client(4, FRONT, polling));
  await sleep(7000);
  await stop();
};

function gateway(...before) {
  const app = from(4, 'express')();
  for (const each of before) app.use(each);
  const { createProxyMiddleware } = from(4, 'http-proxy-middleware');
  const proxy = createProxyMiddleware({ target: 'http://127.0.0.1:' + BACK, pathFilter: '/socket.io', ws: false });
  app.use(proxy);
  app.use((wrong, request, response, next) => response.status(wrong.status || 500).send(wrong.message));
  return listen(http.createServer(app), FRONT);
}

scenes['rate-limit-429'] = async () => {
  await server(4, BACK);
  const { rateLimit } = from(4, 'express-rate-limit');
  await gateway(rateLimit({ windowMs: 60000, limit: 14, standardHeaders: 'draft-7', legacyHeaders: false }));
  talk(client(4, FRONT, polling), 500);
  await sleep(9000);
};

scenes['csrf-403-post'] = async () => {
  await server(4, BACK);
  await gateway(from(4, 'cookie-session')({ secret: 'orchard', name: 's' }), from(4, 'csurf')());
  talk(client(4, FRONT, polling));
  await sleep(6000);
};

scenes['max-connections'] = async () => {
  const io = await server(4, FRONT);
  io.web.maxConnections = 2;
  for (let i = 0; i < 5; i++) { talk(client(4, FRONT, websocket)); await sleep(150); }
  await sleep(5000);
};

scenes['cookie-431'] = async () => {
  await server(4, FRONT);
  const extraHeaders = { Cookie: 'profile=' + 'a'.repeat(18000) };
  client(4, FRONT, { ...polling, extraHeaders });
  client(4, FRONT, { ...websocket, extraHeaders });
  await sleep(3000);
};

scenes['second-listener-refuses-upgrade'] = async () => {
  const io = await server(4, FRONT);
  new (from(4, 'ws').WebSocketServer)({ server: io.web, path: '/live' });
  talk(client(4, FRONT));
  await sleep(1500);
  client(4, FRONT, websocket);
  await sleep(5000);
};

scenes['healthy-websockets-side-by-side'] = async () => {
  const io = await server(4, FRONT), ws = from(4, 'ws');
  const live = new ws.WebSocketServer({ noServer: true });
  live.on('connection', (peer) => peer.on('message', (m) => peer.send('echo ' + m)));
  io.web.on('upgrade', (request, socket, head) => {
    if (request.url === '/live') live.handleUpgrade(request, socket, head, (peer) => live.emit('connection', peer, request));
  });
  const plain = new ws.WebSocket(`ws://127.0.0.1:${FRONT}/live`);
  plain.on('open', () => setInterval(() => plain.send('{"type":"quote"}'), 800).unref());
  const one = talk(client(4, FRONT)), two = talk(client(4, FRONT, websocket));
  await sleep(8000);
  plain.close(); one.close(); two.close();
  await sleep(500);
};

scenes['websocket-to-wrong-path'] = async () => {
  await server(4, FRONT);
  talk(client(4, FRONT, websocket));
  client(4, FRONT, { ...websocket, path: '/ws/socket.io' });
  await sleep(7000);
};

scenes['healthy-two-paths'] = async () => {
  const { Server } = from(4, 'socket.io');
  const io = await server(4, FRONT);
  application(new Server(io.web, { path: '/admin/socket.io' }));
  const one = talk(client(4, FRONT)), two = talk(client(4, FRONT, { path: '/admin/socket.io' }));
  await sleep(6000);
  one.close(); two.close();
  await sleep(500);
};

scenes['plain-websocket-server'] = async (stop) => {
  const { WebSocketServer } = from(4, 'ws');
  const greets = new WebSocketServer({ port: FRONT, host: '127.0.0.1' }), waits = new WebSocketServer({ port: BACK, host: '127.0.0.1' });
  greets.on('connection', (peer) => peer.send(JSON.stringify({ type: 'hello', version: 3 })));
  for (const port of [FRONT, BACK]) client(4, port, { ...websocket, timeout: 2500 });
  await sleep(8000);
  await stop();
  greets.close(); waits.close();
};

scenes['http-to-https-port'] = async () => {
  const key = stage.work + '/key.pem', cert = stage.work + '/cert.pem';
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'], { stdio: 'ignore' });
  await nginx(`server { listen 127.0.0.1:${FRONT} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; location / { return 204; } }`);
  await listen(https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }), BACK);
  for (const port of [FRONT, BACK]) { client(4, port, polling); client(4, port, websocket); }
  await sleep(3000);
};

scenes['h2c-upgrade'] = async () => {
  await server(4, FRONT);
  for (let i = 0; i < 3; i++) {
    run('curl', ['-s', '--http2', `http://127.0.0.1:${FRONT}/socket.io/?EIO=4&transport=polling`]);
    await sleep(800);
  }
};

scenes['msgpack-on-one-side'] = async () => {
  const parser = from(4, 'socket.io-msgpack-parser');
  await server(4, FRONT);
  await server(4, BACK, { parser });
  for (const way of [polling, websocket]) { client(4, FRONT, { ...way, parser }); client(4, BACK, way); }
  await sleep(5000);
};

scenes['healthy-msgpack-both'] = async () => {
  const parser = from(4, 'socket.io-msgpack-parser');
  await server(4, FRONT, { parser, pingInterval: 2000 });
  const one = talk(client(4, FRONT, { parser })), two = talk(client(4, FRONT, { parser, ...polling }));
  await sleep(3000);
  one.emit('save', Buffer.alloc(300, 7), () => {});
  await sleep(3000);
  one.close(); two.close();
  await sleep(500);
};

parts.crashing = async () => {
  const io = await server(4, FRONT);
  io.on('connection', (socket) => socket.on('boom', () => process.exit(1)));
};

scenes['crash-loop'] = async () => {
  const start = () => { const child = part('crashing'); child.on('exit', (code) => code === 1 && setTimeout(start, 700)); };
  start();
  await listening(FRONT);
  talk(client(4, FRONT, websocket));
  talk(client(4, FRONT));
  const bad = client(4, FRONT, websocket);
  bad.on('connect', () => setTimeout(() => bad.emit('boom', { order: 17 }), 900));
  await sleep(9000);
};

scenes['healthy-graceful-close'] = async () => {
  let io = await server(4, FRONT);
  for (const way of [{}, polling, websocket]) talk(client(4, FRONT, way));
  await sleep(3000);
  io.close();
  await sleep(1200);
  io = await server(4, FRONT);
  await sleep(4000);
};

/* ---- clients ---- */

scenes['healthy-client-1x-allowed'] = async () => {
  await server(4, FRONT, { allowEIO3: true, pingInterval: 2000 });
  const one = talk(client(1, FRONT)), two = talk(client(1, FRONT, polling));
  await sleep(7000);
  one.close(); two.close();
  await sleep(500);
};

scenes['healthy-client-4x-server-3x'] = async () => {
  await server(3, FRONT, { pingInterval: 2000 });
  const one = talk(client(4, FRONT)), two = talk(client(4, FRONT, polling));
  await sleep(7000);
  one.close(); two.close();
  await sleep(500);
};

scenes['healthy-client-2x-nginx'] = async () => {
  await server(2, BACK, { pingInterval: 2000, pingTimeout: 3000 });
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } }`);
  const one = client(2, FRONT), two = talk(client(2, FRONT, polling));
  await sleep(9000);
  one.close(); two.close();
  await sleep(500);
};

scenes['healthy-websocket-first'] = async () => {
  await server(4, FRONT);
  const one = talk(client(4, FRONT, { transports: ['websocket', 'polling'], tryAllTransports: true }));
  const two = talk(client(4, FRONT, { upgrade: false }));
  const three = talk(client(4, FRONT, { rememberUpgrade: true }));
  await sleep(5000);
  for (const each of [one, two, three]) each.close();
  await sleep(500);
};

scenes['healthy-recovery'] = async () => {
  await server(4, FRONT, { connectionStateRecovery: {} });
  const one = talk(client(4, FRONT)), two = talk(client(4, FRONT, websocket));
  for (let i = 0; i < 3; i++) { await sleep(2500); one.io.engine.close(); two.io.engine.close(); }
  await sleep(2500);
  one.close(); two.close();
  await sleep(500);
};

scenes['healthy-late-acks'] = async () => {
  const io = await server(4, FRONT);
  io.on('connection', (socket) => socket.on('report', (n, done) => setTimeout(() => done({ n }), 1800)));
  const one = client(4, FRONT);
  const timer = setInterval(() => one.timeout(1000).emit('report', 4, () => {}), 900);
  await sleep(7000);
  clearInterval(timer);
  await sleep(2500);
  one.close();
  await sleep(500);
};

scenes['healthy-slow-middleware'] = async () => {
  const io = await server(4, FRONT);
  io.use((socket, next) => setTimeout(next, 2600));
  const all = [{}, polling, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(8000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-polling-idle'] = async () => {
  await server(4, FRONT, { pingInterval: 8000, pingTimeout: 4000 }, { tick: 0 });
  const all = [client(4, FRONT, polling), client(4, FRONT, polling)];
  await sleep(30000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-volatile-flood'] = async () => {
  const io = await server(4, FRONT, {}, { tick: 0 });
  const timer = setInterval(() => io.volatile.emit('cursor', { x: 1, y: 2 }), 20);
  const one = client(4, FRONT, polling), two = client(4, FRONT, websocket);
  await sleep(4000);
  clearInterval(timer);
  one.close(); two.close();
  await sleep(500);
};

scenes['healthy-engineio-alone'] = async () => {
  const { attach } = from(4, 'engine.io'), { Socket } = from(4, 'engine.io-client');
  const web = http.createServer();
  const engine = attach(web, { pingInterval: 2000 });
  engine.on('connection', (socket) => { socket.send('hello'); socket.on('message', (m) => socket.send(m)); });
  await listen(web, FRONT);
  const all = [{}, polling, websocket].map((way) => new Socket('http://127.0.0.1:' + FRONT, way));
  const timer = setInterval(() => all.forEach((each, i) => { each.send('{"op":"move","x":3}'); each.send('good morning'); if (i) each.send(Buffer.from([1, 2, 3])); }), 900);
  await sleep(7000);
  clearInterval(timer);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-other-requests'] = async () => {
  const web = http.createServer((request, response) => {
    const status = { '/a': 404, '/b': 500, '/c': 401, '/d': 302 }[request.url.slice(0, 2)] || 200;
    setTimeout(() => response.writeHead(status, { Location: '/login', 'Content-Type': 'text/html' }).end('<p>page</p>'), request.url.startsWith('/slow') ? 3000 : 5);
  });
  application(new (from(4, 'socket.io').Server)(web));
  await listen(web, FRONT);
  const one = talk(client(4, FRONT)), agent = new http.Agent({ keepAlive: true });
  for (const url of ['/a?sid=77', '/b', '/c?transport=bus', '/d', '/slow', '/poll?sid=abc&transport=bus', '/e', '/a?EIO']) {
    http.get({ port: FRONT, host: '127.0.0.1', path: url, agent }, (answer) => answer.resume());
    await sleep(600);
  }
  await sleep(2500);
  one.close(); agent.destroy();
  await sleep(500);
};

/* ---- several processes at one port ---- */

parts.workers = async (kind) => {
  const { setupMaster, setupWorker } = from(4, '@socket.io/sticky');
  const adapter = from(4, '@socket.io/cluster-adapter');
  if (cluster.isPrimary) {
    cluster.setupPrimary({ args: ['--part', 'workers', kind], serialization: 'advanced' });
    if (kind === 'sticky') {
      const web = http.createServer();
      setupMaster(web, { loadBalancingMethod: 'least-connection' });
      adapter.setupPrimary();
      await listen(web, FRONT);
    }
    for (let i = 0; i < 3; i++) cluster.fork();
    if (kind === 'reload') setTimeout(() => { // one after the other, as pm2 reload does
      for (const [i, worker] of Object.values(cluster.workers).entries()) setTimeout(() => { cluster.fork(); worker.send('leave'); }, i * 1500);
    }, 2500);
    return;
  }
  const { Server } = from(4, 'socket.io');
  const web = http.createServer(), io = application(new Server(web));
  if (kind === 'sticky') { io.adapter(adapter.createAdapter()); setupWorker(io); } else web.listen(FRONT, '127.0.0.1');
  process.on('message', (what) => what === 'leave' && (io.close(), setTimeout(() => process.exit(0), 400)));
};

scenes['cluster-without-sticky'] = async () => {
  part('workers', 'plain');
  await listening(FRONT);
  await sleep(800);
  for (let i = 0; i < 2; i++) talk(client(4, FRONT, polling));
  await sleep(5000);
};

scenes['healthy-sticky-cluster'] = async () => {
  part('workers', 'sticky');
  await listening(FRONT);
  await sleep(1200);
  const all = [{}, polling, {}, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(7000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-cluster-websocket-only'] = async () => {
  part('workers', 'plain');
  await listening(FRONT);
  await sleep(800);
  const all = [1, 2, 3, 4].map(() => talk(client(4, FRONT, websocket)));
  await sleep(6000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-rolling-reload'] = async () => {
  part('workers', 'reload');
  await listening(FRONT);
  await sleep(800);
  for (let i = 0; i < 5; i++) talk(client(4, FRONT, websocket));
  await sleep(10000);
};

/* ---- proxies ---- */

scenes['websocket-401'] = async () => {
  await server(4, BACK);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { auth_basic "staff"; auth_basic_user_file ${write('users', 'ann:{PLAIN}orchard\n')};
    proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } }`);
  const extraHeaders = { Authorization: 'Basic ' + Buffer.from('ann:orchard').toString('base64') };
  talk(client(4, FRONT, { transportOptions: { polling: { extraHeaders } } }));
  await sleep(5000);
};

const haproxyWith = (timeouts, backend) => haproxy(`defaults
  mode http
  timeout connect 2s
  ${timeouts.join('\n  ')}
frontend f
  bind 127.0.0.1:${FRONT}
  default_backend b
backend b
  ${backend}
`);

scenes['haproxy-no-tunnel-timeout'] = async () => {
  await server(4, BACK, {}, { tick: 0 });
  await haproxyWith(['timeout client 3s', 'timeout server 3s'], `server a 127.0.0.1:${BACK}`);
  for (let i = 0; i < 3; i++) { client(4, FRONT, websocket); await sleep(400); }
  await sleep(12000);
};

scenes['haproxy-504-polls'] = async () => {
  await server(4, BACK, {}, { tick: 0 });
  await haproxyWith(['timeout client 30s', 'timeout server 3s'], `server a 127.0.0.1:${BACK}`);
  for (let i = 0; i < 2; i++) { client(4, FRONT, polling); await sleep(400); }
  await sleep(13000);
};

scenes['healthy-haproxy-tunnel'] = async () => {
  await server(4, BACK, { pingInterval: 2000 }, { tick: 0 });
  await server(4, SECOND, { pingInterval: 2000 }, { tick: 0 });
  await haproxyWith(['timeout client 5s', 'timeout server 5s', 'timeout tunnel 1h'], `balance source\n  server a 127.0.0.1:${BACK}\n  server b 127.0.0.1:${SECOND}`);
  const all = [{}, polling, websocket].map((way) => client(4, FRONT, way));
  await sleep(12000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['apache-upgrade-not-passed'] = async () => {
  await server(4, BACK);
  await apache(`ProxyPass /socket.io/ http://127.0.0.1:${BACK}/socket.io/`);
  talk(client(4, FRONT));
  client(4, FRONT, websocket);
  await sleep(5000);
};

scenes['healthy-apache-upgrade-passed'] = async () => {
  await server(4, BACK, { pingInterval: 2000 });
  await apache(`ProxyPass /socket.io/ http://127.0.0.1:${BACK}/socket.io/ upgrade=websocket`);
  const all = [{}, polling, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(7000);
  for (const each of all) each.close();
  await sleep(500);
};

parts.plain = async () => { await server(4, BACK); };

scenes['healthy-restart-behind-apache'] = async () => {
  let child = part('plain');
  await listening(BACK);
  await apache(`ProxyPass /socket.io/ http://127.0.0.1:${BACK}/socket.io/ upgrade=websocket`);
  talk(client(4, FRONT, polling));
  await sleep(2500);
  child.kill('SIGKILL');
  await sleep(1500);
  child = part('plain');
  await sleep(9000);
};

scenes['healthy-restart-behind-nginx'] = async () => {
  let child = part('plain');
  await listening(BACK);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } }`);
  for (const way of [{}, polling, websocket]) talk(client(4, FRONT, way));
  await sleep(3500);
  child.kill('SIGTERM');
  await sleep(1500);
  child = part('plain');
  await sleep(6000);
};

scenes['varnish-gives-one-answer-twice'] = async () => {
  await server(3, BACK);
  await varnish('');
  talk(client(3, FRONT, { ...polling, timestampRequests: false }));
  await sleep(700);
  talk(client(3, FRONT, { ...polling, timestampRequests: false }));
  await sleep(900);
};

scenes['healthy-varnish-pipe'] = async () => {
  await server(4, BACK, { pingInterval: 2000 });
  await varnish(`sub vcl_recv { if (req.http.Upgrade ~ "(?i)websocket") { return (pipe); } if (req.url ~ "^/socket.io/") { return (pass); } }
    sub vcl_pipe { if (req.http.upgrade) { set bereq.http.upgrade = req.http.upgrade; set bereq.http.connection = req.http.connection; } }`);
  const all = [{}, polling, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(7000);
  for (const each of all) each.close();
  await sleep(500);
};

function mounted(kept) {
  const app = from(4, 'express')(), { createProxyMiddleware } = from(4, 'http-proxy-middleware');
  const options = { target: 'http://127.0.0.1:' + BACK, ws: true };
  if (kept) app.use(createProxyMiddleware({ ...options, pathFilter: '/socket.io' }));
  else app.use('/socket.io', createProxyMiddleware(options));
  return listen(http.createServer(app), FRONT);
}

async function behindMount(kept, ways) {
  const app = from(4, 'express')(), web = http.createServer(app);
  application(new (from(4, 'socket.io').Server)(web));
  await listen(web, BACK);
  await mounted(kept);
  return ways.map((way) => talk(client(4, FRONT, way)));
}

scenes['mount-path-stripped'] = async () => { await behindMount(false, [polling]); await sleep(4000); };

scenes['healthy-mount-path-kept'] = async () => {
  const all = await behindMount(true, [{}, polling, websocket]);
  await sleep(6000);
  for (const each of all) each.close();
  await sleep(500);
};

const limited = (size) => nginx(`server { listen 127.0.0.1:${FRONT}; client_max_body_size ${size}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} } }`);

scenes['nginx-413'] = async () => {
  await server(4, BACK);
  await limited('8k');
  const one = talk(client(4, FRONT, polling));
  one.on('connect', () => setTimeout(() => one.emit('save', 'drawing '.repeat(2500), () => {}), 1200));
  await sleep(6000);
};

scenes['healthy-body-below-limit'] = async () => {
  await server(4, BACK);
  await limited('200k');
  const one = talk(client(4, FRONT, polling)), two = talk(client(4, FRONT));
  for (let i = 0; i < 3; i++) { await sleep(1200); one.emit('save', 'drawing '.repeat(12000), () => {}); two.emit('save', 'drawing '.repeat(12000), () => {}); }
  await sleep(1500);
  one.close(); two.close();
  await sleep(500);
};

const forward = (options) => {
  const { HttpProxyAgent } = from(4, 'http-proxy-agent'), { HttpsProxyAgent } = from(4, 'https-proxy-agent');
  const by = 'http://127.0.0.1:' + FRONT;
  return client(4, BACK, { ...options, transportOptions: { polling: { agent: new HttpProxyAgent(by) }, websocket: { agent: new HttpsProxyAgent(by) } } });
};

scenes['squid-refuses-connect'] = async () => {
  await server(4, BACK);
  await squid('acl SSL_ports port 443\nacl CONNECT method CONNECT\nhttp_access deny CONNECT !SSL_ports\nhttp_access allow all');
  talk(forward({}));
  await sleep(5000);
};

scenes['healthy-squid-connect'] = async () => {
  await server(4, BACK, { pingInterval: 2000 });
  await squid('http_access allow all');
  const all = [{}, polling, websocket].map((way) => talk(forward(way)));
  await sleep(6000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['connection-header-lost'] = async () => {
  await server(4, BACK);
  await nginx(`upstream app { server 127.0.0.1:${BACK}; keepalive 4; } server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://app;
    proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection ""; } }`);
  talk(client(4, FRONT));
  client(4, FRONT, websocket);
  await sleep(5000);
};

const deflated = async (more) => {
  await server(4, BACK, { perMessageDeflate: { threshold: 0 }, pingInterval: 2000 });
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} ${more} } }`);
};

scenes['deflate-answer-hidden'] = async () => {
  await deflated('proxy_hide_header Sec-WebSocket-Extensions;');
  client(4, FRONT, websocket);
  client(4, FRONT, websocket);
  await sleep(5000);
};

scenes['healthy-deflate-through-nginx'] = async () => {
  await deflated('');
  const all = [{}, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(6000);
  for (const each of all) each.close();
  await sleep(500);
};

parts.vite = async (ws) => {
  const { createServer } = from(4, 'vite');
  const root = stage.work;
  write('index.html', '<p>page</p>');
  const vite = await createServer({ root, configFile: false, logLevel: 'silent', optimizeDeps: { noDiscovery: true },
    server: { port: FRONT, host: '127.0.0.1', strictPort: true, proxy: { '/socket.io': { target: 'http://127.0.0.1:' + BACK, ws: ws === 'ws' } } } });
  await vite.listen();
};

scenes['vite-proxy-without-ws'] = async (stop) => {
  await server(4, BACK);
  part('vite', 'no');
  await listening(FRONT);
  talk(client(4, FRONT));
  client(4, FRONT, { ...websocket, timeout: 3000 });
  await sleep(9000);
  await stop();
};

scenes['healthy-vite-proxy-with-ws'] = async () => {
  await server(4, BACK, { pingInterval: 2000 });
  part('vite', 'ws');
  await listening(FRONT);
  const reload = new (from(4, 'ws').WebSocket)(`ws://127.0.0.1:${FRONT}/`, 'vite-ping');
  reload.on('error', () => {});
  const all = [{}, polling, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(7000);
  reload.close();
  for (const each of all) each.close();
  await sleep(500);
};

scenes['vite-host-blocked'] = async () => {
  await server(4, BACK);
  part('vite', 'ws');
  await listening(FRONT);
  const agent = new http.Agent({ lookup: (host, options, done) => options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4) });
  client(4, 'http://shop.example.com:' + FRONT, { ...polling, agent });
  await sleep(4000);
};

scenes['nginx-next-upstream'] = async () => {
  for (const port of [BACK, SECOND]) await server(4, port, {}, { tick: 0 });
  await nginx(`upstream app { ip_hash; server 127.0.0.1:${BACK}; server 127.0.0.1:${SECOND}; } server { listen 127.0.0.1:${FRONT};
    location / { proxy_pass http://app; proxy_read_timeout 4s; ${upgrade} } }`);
  client(4, FRONT, polling);
  await sleep(500);
  client(4, FRONT, polling);
  await sleep(15000);
};

scenes['caddy-empty-200'] = async () => {
  await server(4, BACK);
  await caddy(`handle /socket.io {\nreverse_proxy 127.0.0.1:${BACK}\n}`);
  client(4, FRONT, polling);
  client(4, FRONT, websocket);
  await sleep(4000);
};

scenes['healthy-caddy'] = async () => {
  await server(4, BACK, { pingInterval: 2000 });
  await caddy(`handle /socket.io/* {\nreverse_proxy 127.0.0.1:${BACK}\n}`);
  const all = [{}, polling, websocket].map((way) => talk(client(4, FRONT, way)));
  await sleep(7000);
  for (const each of all) each.close();
  await sleep(500);
};

scenes['healthy-short-visits'] = async () => {
  await server(4, BACK);
  await nginx(`server { listen 127.0.0.1:${FRONT}; location / { proxy_pass http://127.0.0.1:${BACK}; ${upgrade} proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }`);
  const visit = async (n, ms) => {
    const agent = new http.Agent({ localAddress: '127.0.0.' + (20 + n) });
    const one = talk(client(4, FRONT, { agent, ...(n % 2 ? websocket : {}) }), 300);
    await sleep(ms);
    one.close();
    await sleep(50);
    agent.destroy();
  };
  const all = [];
  for (let n = 0; n < 18; n++) { all.push(visit(n, n % 3 ? 700 : 5000)); await sleep(350); }
  await Promise.all(all);
};

if (process.argv[2] === '--part') parts[process.argv[3]](...process.argv.slice(4));
else if (require.main === module) {
  const [name, target] = process.argv.slice(2);
  if (!scenes[name]) { console.log(Object.keys(scenes).join('\n')); process.exit(name ? 2 : 0); }
  stage.record(name, scenes[name], target).then(() => process.exit(0), (wrong) => { console.error(name, wrong); process.exit(1); });
}
