// Ends TLS (CERT and KEY in the environment) before a server: tls_proxy PORT TO. Go's own reverse proxy.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	to, err := url.Parse("http://127.0.0.1:" + os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:"+os.Args[1], os.Getenv("CERT"), os.Getenv("KEY"), proxy))
}
