// Ends TLS (CERT and KEY in the environment; without them plain) before a server: tls_proxy PORT TO. Go's own reverse proxy.
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
	at, cert := "127.0.0.1:"+os.Args[1], os.Getenv("CERT")
	if cert == "" {
		log.Fatal(http.ListenAndServe(at, proxy))
	}
	log.Fatal(http.ListenAndServeTLS(at, cert, os.Getenv("KEY"), proxy))
}
