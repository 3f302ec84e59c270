// A Socket.IO server of Go's: socketio PORT. It answers `echo` with `echoed` and an ack, as echo_server.py does; over TLS
// where CERT and KEY in the environment name files.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

func main() {
	server := socket.NewServer(nil, nil)
	server.On("connection", func(clients ...any) {
		client := clients[0].(*socket.Socket)
		client.On("echo", func(words ...any) {
			client.Emit("echoed", words[0])
			if ack, good := words[len(words)-1].(socket.Ack); good {
				ack([]any{"taken"}, nil)
			}
		})
	})
	http.Handle("/socket.io/", server.ServeHandler(nil))
	at, cert := "127.0.0.1:"+os.Args[1], os.Getenv("CERT")
	if cert == "" {
		log.Fatal(http.ListenAndServe(at, nil))
	}
	log.Fatal(http.ListenAndServeTLS(at, cert, os.Getenv("KEY"), nil))
}
