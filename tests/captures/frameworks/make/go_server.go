// A server of zishang520/socket.io for the field test: PORT. `save` is acknowledged, `boom` panics.
package main

import (
	"net/http"
	"os"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

func main() {
	options := socket.DefaultServerOptions()
	options.SetPingInterval(4 * time.Second)
	options.SetPingTimeout(4 * time.Second)
	options.SetMaxHttpBufferSize(20000)
	io := socket.NewServer(nil, options)
	io.On("connection", func(clients ...any) {
		client := clients[0].(*socket.Socket)
		client.Emit("welcome", map[string]any{"n": 1})
		client.On("ask", func(data ...any) { client.Emit("answer", data[0]) })
		client.On("save", func(data ...any) {
			if ack, ok := data[len(data)-1].(socket.Ack); ok {
				ack([]any{"saved"}, nil)
			}
		})
	})
	http.Handle("/socket.io/", io.ServeHandler(nil))
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		panic(err)
	}
}
