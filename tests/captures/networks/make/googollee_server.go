// A server of googollee/go-socket.io 1.7: PORT. Built by: go mod init, go get github.com/googollee/go-socket.io@v1.7.0, go build.
package main

import (
	"net/http"
	"os"

	socketio "github.com/googollee/go-socket.io"
)

func main() {
	server := socketio.NewServer(nil)
	server.OnConnect("/", func(s socketio.Conn) error { s.Emit("welcome", "lobby"); return nil })
	server.OnEvent("/", "say", func(s socketio.Conn, text string) string { s.Emit("said", text); return "ok" })
	go server.Serve()
	http.Handle("/socket.io/", server)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
