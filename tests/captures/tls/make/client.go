// client KEYLOG HOST:PORT: a handshake by Go's TLS, which trusts nobody.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	keys, _ := os.OpenFile(os.Args[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0600)
	_, err := tls.Dial("tcp", os.Args[2], &tls.Config{KeyLogWriter: keys, RootCAs: x509.NewCertPool(), ServerName: "localhost"})
	fmt.Println(err)
}
