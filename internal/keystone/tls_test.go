package keystone_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its own certificate
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of " + t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.file, _ = a.sign("ca", template)
	text, err := os.ReadFile(a.file)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = string(text)
	return a
}

// sign writes a certificate and its key, and returns the files. The first one
// signed is the authority's own.
func (a *authority) sign(name string, template *x509.Certificate) (certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert == nil {
		a.key = key
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".crt", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", keyDER)
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// leaf is a certificate for a server on loopback, or for a client.
func (a *authority) leaf(change func(*x509.Certificate)) (certFile, keyFile string) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	return a.sign("leaf", template)
}

// serve is a Keystone with the authority's certificate; it asks for one in turn
// if mutual.
func (a *authority) serve(mutual bool, change func(*x509.Certificate)) *httptest.Server {
	a.t.Helper()
	cert, err := tls.LoadX509KeyPair(a.leaf(change))
	if err != nil {
		a.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(newFake(a.t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	if mutual {
		pool := x509.NewCertPool()
		pool.AddCert(a.cert)
		server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, pool
	}
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server
}

// logInAt logs in to the server with the TLS options.
func logInAt(t *testing.T, address string, o keystone.TLSOptions) error {
	t.Helper()
	config, err := keystone.TLSConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	login := admin()
	login.AuthURL = address
	_, err = keystone.NewSource(login, &http.Client{Transport: transport}, 0).Token(t.Context())
	return err
}

func TestTLSThatHolds(t *testing.T) {
	ca := newAuthority(t)
	server, mutual := ca.serve(false, nil), ca.serve(true, nil)
	cert, key := ca.leaf(nil)
	cloud, err := keystone.TLSConfig(keystone.TLSOptions{CACertFile: ca.file})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		server  *httptest.Server
		options keystone.TLSOptions
	}{
		"authority from a file":    {server, keystone.TLSOptions{CACertFile: ca.file}},
		"authority as text":        {server, keystone.TLSOptions{CACertPEM: ca.pem}},
		"authority of clouds.yaml": {server, keystone.TLSOptions{Cloud: cloud}},
		"no verification":          {server, keystone.TLSOptions{InsecureSkipVerify: true}},
		"client certificate":       {mutual, keystone.TLSOptions{CACertFile: ca.file, ClientCertFile: cert, ClientKeyFile: key}},
		"clouds.yaml and more":     {mutual, keystone.TLSOptions{Cloud: cloud, ClientCertFile: cert, ClientKeyFile: key}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := logInAt(t, c.server.URL, c.options); err != nil {
				t.Error(err)
			}
		})
	}
	if len(cloud.Certificates) != 0 {
		t.Error("the cloud's own settings were changed")
	}
}

func TestAnAuthorityIsTrustedBesidesTheSystems(t *testing.T) {
	ca := newAuthority(t)
	config, err := keystone.TLSConfig(keystone.TLSOptions{CACertFile: ca.file})
	if err != nil {
		t.Fatal(err)
	}
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	want.AddCert(ca.cert)
	if !config.RootCAs.Equal(want) {
		t.Error("the system's authorities are not trusted any more")
	}
}

func TestTLSThatDoesNotHold(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	trust := keystone.TLSOptions{CACertFile: ca.file}
	plainServer := httptest.NewServer(newFake(t))
	defer plainServer.Close()
	foreign, foreignKey := other.leaf(nil)
	cases := map[string]struct {
		address string
		options keystone.TLSOptions
		option  string
		says    string
	}{
		"no authority":          {ca.serve(false, nil).URL, keystone.TLSOptions{}, "ca_cert_file", "not trusted here"},
		"wrong authority":       {ca.serve(false, nil).URL, keystone.TLSOptions{CACertFile: other.file}, "ca_cert_file", "not trusted here"},
		"another host":          {ca.serve(false, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }).URL, trust, "auth_url", "for another host"},
		"out of date":           {ca.serve(false, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).URL, trust, "ca_cert_file", "expired"},
		"no client certificate": {ca.serve(true, nil).URL, trust, "client_cert_file", "ended the TLS handshake"},
		"a foreign client certificate": {ca.serve(true, nil).URL, keystone.TLSOptions{
			CACertFile: ca.file, ClientCertFile: foreign, ClientKeyFile: foreignKey,
		}, "client_cert_file", "ended the TLS handshake"},
		"no TLS there": {strings.Replace(plainServer.URL, "http:", "https:", 1), trust, "auth_url", "does not use TLS"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wantText(t, wantError(t, logInAt(t, c.address, c.options), keystone.KindTLS, c.option), c.says)
		})
	}
	t.Run("TLS there, http in the address", func(t *testing.T) {
		address := strings.Replace(ca.serve(false, nil).URL, "https:", "http:", 1)
		wantError(t, logInAt(t, address, trust), keystone.KindNotKeystone, "auth_url")
	})
}

func TestTLSOptionsThatCannotBeUsed(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.leaf(nil)
	_, otherKey := newAuthority(t).leaf(nil)
	cases := map[string]struct {
		options keystone.TLSOptions
		option  string
		says    string
	}{
		"both authorities":    {keystone.TLSOptions{CACertFile: ca.file, CACertPEM: ca.pem}, "ca_cert_pem", "not both"},
		"no such file":        {keystone.TLSOptions{CACertFile: "none.pem"}, "ca_cert_file", "Cannot read none.pem: no such file"},
		"no certificate":      {keystone.TLSOptions{CACertFile: key}, "ca_cert_file", "no certificate"},
		"no PEM":              {keystone.TLSOptions{CACertPEM: "x"}, "ca_cert_pem", "no certificate"},
		"key without":         {keystone.TLSOptions{ClientKeyFile: key}, "client_cert_file", "needs its certificate"},
		"certificate without": {keystone.TLSOptions{ClientCertFile: cert}, "client_key_file", "needs its key"},
		"no such certificate": {keystone.TLSOptions{ClientCertFile: "none.pem", ClientKeyFile: key}, "client_cert_file", "Cannot read none.pem"},
		"no such key":         {keystone.TLSOptions{ClientCertFile: cert, ClientKeyFile: "none.pem"}, "client_key_file", "Cannot read none.pem"},
		"another's key":       {keystone.TLSOptions{ClientCertFile: cert, ClientKeyFile: otherKey}, "client_cert_file", "cannot be used"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := keystone.TLSConfig(c.options)
			p, ok := errors.AsType[keystone.Problem](err)
			if !ok || p.Option != c.option || !strings.Contains(p.Error(), c.says) {
				t.Errorf("got %v, want %s: %s", err, c.option, c.says)
			}
		})
	}
}
