// What `npm test` of a small project does: its server, its client, a join that is welcomed.
const { createServer } = require("http");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const http = createServer();
const server = new Server(http);
server.on("connection", (socket) => {
  socket.emit("welcome", { motd: "hello" });
  socket.on("join", (room, done) => done({ room }));
});
http.listen(3000, "127.0.0.1", () => {
  const client = io("http://127.0.0.1:3000");
  client.on("welcome", () => client.emit("join", "lobby", () => {
    client.disconnect();
    setTimeout(() => process.exit(0), 200);
  }));
});
setTimeout(() => process.exit(1), 8000);
