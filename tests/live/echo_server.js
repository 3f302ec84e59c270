// The node twin of echo_server.py: `echo`, and `burst` COUNT: as many events `drop` at once. Usage: echo_server.js ADDRESS RECORD; the modules are found by NODE_PATH.
const fs = require('fs')
const [scheme, where] = process.argv[2].split(/:(.*)/)
const secure = scheme === 'tls' && {key: fs.readFileSync(process.env.KEY), cert: fs.readFileSync(process.env.CERT)}
const server = secure ? require('https').createServer(secure) : require('http').createServer()
const {Server} = require('socket.io')
const io = new Server(server, {cors: {origin: '*'}, maxHttpBufferSize: 8e6, perMessageDeflate: true})
const out = fs.openSync(process.argv[3], 'w')

function plain(value) {
	if (Buffer.isBuffer(value)) return {$binary: value.toString('base64')}
	if (Array.isArray(value)) return value.map(plain)
	if (value === null || typeof value !== 'object') return value
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

const write = (dir, name, data) => fs.writeSync(out, JSON.stringify({dir, name, data: plain(data)}) + '\n')

io.on('connection', socket => {
	socket.on('echo', (data, ack) => {
		write('c>s', 'echo', [data])
		write('s>c', 'echoed', [data])
		socket.emit('echoed', data)
		ack('taken')
	})
	socket.on('burst', (count, ack) => {
		write('c>s', 'burst', [count])
		for (let number = 0; number < count; number++) {
			const data = {number, text: 'x'.repeat(number % 300 ? number % 40 : 9000)}
			write('s>c', 'drop', [data])
			socket.emit('drop', data)
		}
		ack('all')
	})
})
server.listen(where)
