// What every scene of scenes.js uses: packages by version, servers, clients, proxies, and their end.
'use strict';
process.env.NODE_ENV = 'production';
const fs = require('fs'), net = require('net'), path = require('path'), http = require('http');
const { spawn, execFileSync } = require('child_process');

const FRONT = 24001, BACK = 24002, SECOND = 24003;
// One folder for a scene and the processes of its own; who made it removes it.
const inherited = process.env.FIELDTEST_WORK;
const work = inherited || fs.mkdtempSync('/tmp/fieldtest-');
process.env.FIELDTEST_WORK = work;
if (!inherited) process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }));
const modules = process.env.FIELDTEST_MODULES; // holds v1 … v4, each with its node_modules
const children = [], sockets = [], servers = [];

const from = (version, name) => require(require.resolve(name, { paths: [path.join(modules, 'v' + version)] }));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const write = (name, text) => { const file = path.join(work, name); fs.writeFileSync(file, text); return file; };

function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: work, stdio: ['ignore', 'ignore', process.env.LOUD ? 'inherit' : 'ignore'], ...options });
  children.push(child);
  return child;
}

async function listening(port) {
  for (let i = 0; i < 100; i++) {
    // Looks into the table of sockets: a connection would be in the capture.
    const hex = ':' + port.toString(16).toUpperCase().padStart(4, '0');
    const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((f) => fs.readFileSync(f, 'utf8').split('\n'));
    if (rows.some((r) => { const w = r.trim().split(/\s+/); return w[1] && w[1].endsWith(hex) && w[3] === '0A'; })) return;
    await sleep(50);
  }
  throw new Error('nothing listens at ' + port);
}

/* An application: it greets, answers `say` with an acknowledgement and an event, and ticks. */
function application(io, { tick = 1000 } = {}) {
  io.on('connection', (socket) => {
    socket.emit('welcome', { at: 'lobby' });
    socket.on('say', (text, done) => { socket.emit('said', text); if (done) done({ ok: true }); });
    socket.on('save', (text, done) => done && done({ size: text.length }));
    if (tick) { const timer = setInterval(() => socket.emit('tick', { n: 1 }), tick); socket.on('disconnect', () => clearInterval(timer)); }
  });
  return io;
}

async function listen(server, port) {
  servers.push(server);
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return server;
}

async function server(version, port, options = {}, app = {}) {
  const web = http.createServer((request, response) => { response.statusCode = 404; response.end('no page\n'); });
  const socketio = from(version, 'socket.io');
  const io = version < 3 ? socketio(web, options) : new socketio.Server(web, options);
  application(io, app);
  await listen(web, port);
  io.web = web;
  return io;
}

function client(version, port, options = {}) {
  const io = from(version, 'socket.io-client');
  const target = typeof port === 'number' ? 'http://127.0.0.1:' + port : port;
  const socket = io(target, { forceNew: true, reconnectionDelay: 500, reconnectionDelayMax: 1000, randomizationFactor: 0, ...options });
  sockets.push(socket);
  return socket;
}

/* Talks from now on, as long as the scene lasts. */
function talk(socket, every = 700) {
  const timer = setInterval(() => socket.connected && socket.emit('say', 'good morning', () => {}), every);
  sockets.push({ close: () => clearInterval(timer) });
  return socket;
}

async function nginx(body, port = FRONT) {
  const file = write('nginx.conf', `daemon off; master_process off; pid ${work}/nginx.pid; error_log ${work}/nginx.log;
    events {} http { access_log off; client_body_temp_path ${work}/b; proxy_temp_path ${work}/p; fastcgi_temp_path ${work}/f;
    uwsgi_temp_path ${work}/u; scgi_temp_path ${work}/s; ${body} }`);
  run('nginx', ['-c', file]);
  await listening(port);
}
const upgrade = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';

async function haproxy(body) {
  run('haproxy', ['-db', '-f', write('haproxy.cfg', body)]);
  await listening(FRONT);
}

async function apache(body) {
  const load = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'proxy_wstunnel']
    .map((m) => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so`).join('\n');
  const file = write('apache.conf', `ServerRoot ${work}\nPidFile ${work}/apache.pid\nServerName localhost\nListen 127.0.0.1:${FRONT}\n` +
    `ErrorLog ${work}/apache.log\n${load}\n${body}\n`);
  run('apache2', ['-X', '-f', file]);
  await listening(FRONT);
}

async function varnish(body) {
  fs.mkdirSync(path.join(work, 'varnish'), { recursive: true });
  const file = write('default.vcl', `vcl 4.0; backend app { .host = "127.0.0.1"; .port = "${BACK}"; } ${body}`);
  run('varnishd', ['-F', '-n', path.join(work, 'varnish'), '-a', '127.0.0.1:' + FRONT, '-f', file, '-s', 'malloc,16m', '-j', 'none']);
  await listening(FRONT);
}

async function squid(rules) {
  const file = write('squid.conf', `http_port 127.0.0.1:${FRONT}\n${rules}\ncache deny all\npid_filename ${work}/squid.pid\n` +
    `cache_log ${work}/squid.log\naccess_log none\ncoredump_dir ${work}\nshutdown_lifetime 0 seconds\npinger_enable off\nmax_filedescriptors 1024\n`);
  fs.chmodSync(work, 0o777); // squid runs as a user of its own
  run('squid', ['-N', '-n', 'fieldtest' + process.pid, '-f', file]);
  await listening(FRONT);
}

async function caddy(body) {
  run('caddy', ['run', '--adapter', 'caddyfile', '--config', write('Caddyfile', `{\nadmin off\n}\nhttp://127.0.0.1:${FRONT} {\n${body}\n}\n`)],
    { env: { ...process.env, HOME: work } });
  await listening(FRONT);
}

/* A process of its own that runs this file again with `name` (scenes.js: parts). */
const part = (name, ...args) => run(process.execPath, [path.join(__dirname, 'scenes.js'), '--part', name, ...args.map(String)],
  { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

/* `capturing` is ended first where the scene says so: what follows is not in the capture. */
async function record(name, scene, target) {
  const file = path.join(target, 'capture.pcap');
  fs.mkdirSync(target, { recursive: true });
  const dump = spawn('tcpdump', ['-i', 'lo', '-B', '65536', '-Z', 'root', '-w', file, 'tcp portrange 24001-24003'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise((done) => dump.stderr.on('data', (text) => { said += text; done(); }));
  await sleep(300);
  const stop = async () => { if (dump.exitCode === null && !dump.killed) { await sleep(1300); dump.kill('SIGINT'); await new Promise((d) => dump.once('exit', d)); } };
  try { await scene(stop); } finally {
    await stop();
    for (const each of sockets) try { each.close(); } catch { }
    for (const each of servers) try { each.close(); each.closeAllConnections(); } catch { }
    for (const each of children) try { each.kill('SIGKILL'); } catch { }
    await sleep(300);
    for (const left of fs.readdirSync('/dev/shm')) if (left.startsWith('fieldtest' + process.pid)) fs.rmSync('/dev/shm/' + left);
  }
  execFileSync('zstd', ['-q', '-19', '-f', '--rm', file]);
  const lost = /([1-9]\d*) packets? dropped/.exec(said);
  if (lost) throw new Error(name + ': ' + lost[0]);
  console.log(name, fs.statSync(file + '.zst').size);
}

module.exports = { FRONT, BACK, SECOND, from, sleep, write, run, listening, application, listen, server, client, talk, nginx, upgrade,
  haproxy, apache, varnish, squid, caddy, part, record, work };
