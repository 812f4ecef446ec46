package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// countRequests stands in front of a server and counts requests.
func countRequests(n *atomic.Int64, server string) http.Handler {
	proxy := proxyTo(server)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		proxy.ServeHTTP(w, r)
	})
}

func proxyTo(server string) *httputil.ReverseProxy {
	target, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	return httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority of this test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	pair := a.issue(a.cert)
	a.key = pair.PrivateKey.(*ecdsa.PrivateKey)
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	return a
}

// issue signs what is asked for, the authority itself if it has no key yet.
func (a *authority) issue(asked *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	asked.SerialNumber = big.NewInt(time.Now().UnixNano())
	asked.NotBefore, asked.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, asked, a.cert, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) server(name string) tls.Certificate {
	cert := &x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		cert.DNSNames, cert.IPAddresses = nil, []net.IP{ip}
	}
	return a.issue(cert)
}

// client writes a client's certificate and key to files.
func (a *authority) client() (cert, key string) {
	a.t.Helper()
	pair := a.issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, key = filepath.Join(a.t.TempDir(), "client.pem"), filepath.Join(a.t.TempDir(), "client.key")
	a.write(cert, &pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	a.write(key, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return cert, key
}

func (a *authority) write(file string, block *pem.Block) {
	a.t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// file holds the authority's own certificate.
func (a *authority) file() string {
	a.t.Helper()
	file := filepath.Join(a.t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(a.pem), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// tlsFront speaks TLS for a server. With clients, it asks for their certificate.
func tlsFront(t *testing.T, server string, cert tls.Certificate, clients *authority) string {
	t.Helper()
	s := httptest.NewUnstartedServer(proxyTo(server))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	if clients != nil {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		s.TLS.ClientCAs.AppendCertsFromPEM([]byte(clients.pem))
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// TestTLS: the same settings serve Keystone and the orchestrator.
func TestTLS(t *testing.T) {
	sb := start(t, sandbox.Config{})
	ca, stranger := newAuthority(t), newAuthority(t)
	local := ca.server("127.0.0.1")
	key, open := tlsFront(t, sb.URLs().Keystone, local, nil), tlsFront(t, sb.URLs().Orchestrator, local, nil)
	guardedKey, guarded := tlsFront(t, sb.URLs().Keystone, local, ca), tlsFront(t, sb.URLs().Orchestrator, local, ca)
	elsewhere := tlsFront(t, sb.URLs().Orchestrator, ca.server("elsewhere.test"), nil)
	cert, certKey := ca.client()
	file, wrong := ca.file(), stranger.file()
	cases := map[string]struct {
		endpoint, keystone string // no keystone: noauth
		arguments          map[string]string
		want               string // "" for success, else what the explanation says
	}{
		"a CA file":                        {open, key, map[string]string{"ca_cert_file": file}, ""},
		"a CA text":                        {open, key, map[string]string{"ca_cert_pem": ca.pem}, ""},
		"not checked":                      {open, key, map[string]string{"insecure_skip_verify": "true"}, ""},
		"a client certificate":             {guarded, guardedKey, map[string]string{"ca_cert_file": file, "client_cert_file": cert, "client_key_file": certKey}, ""},
		"no CA for Keystone":               {open, key, nil, "Check ca_cert_file in the provider block, or OS_CACERT"},
		"another CA for Keystone":          {open, key, map[string]string{"ca_cert_file": wrong}, "Check ca_cert_file in the provider block, or OS_CACERT"},
		"no client certificate (Keystone)": {guarded, guardedKey, map[string]string{"ca_cert_file": file}, "Check client_cert_file in the provider block, or OS_CERT"},
		"no CA":                            {open, "", nil, "Check ca_cert_file in the provider block, or OS_CACERT"},
		"another CA":                       {open, "", map[string]string{"ca_cert_pem": stranger.pem}, "Check ca_cert_file in the provider block, or OS_CACERT"},
		"no client certificate":            {guarded, "", map[string]string{"ca_cert_file": file}, "Check client_cert_file in the provider block, or OS_CERT"},
		"another host's certificate":       {elsewhere, "", map[string]string{"ca_cert_file": file}, "Check endpoint in the provider block, or SODA_ENDPOINT"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			vars := map[string]string{"SODA_MAX_RETRIES": "0", "OS_INSECURE": c.arguments["insecure_skip_verify"]}
			arguments := adminLogin(sb, "endpoint", c.endpoint, "auth_url", c.keystone+"/identity")
			if c.keystone == "" {
				arguments = map[string]string{"endpoint": c.endpoint, "auth_strategy": "noauth", "tenant_id": sandbox.Tenant}
			}
			for argument, value := range c.arguments {
				if argument != "insecure_skip_verify" {
					arguments[argument] = value
				}
			}
			set, diags := resolveSettings(t, modelOf(t, arguments), vars)
			if diags.HasError() {
				t.Fatal(diags)
			}
			api, _, err := newSession(set).api(t.Context())
			if err == nil {
				_, err = api.Services(t.Context())
			}
			switch {
			case err == nil && c.want != "":
				t.Error("that worked")
			case err != nil && (c.want == "" || !strings.Contains(detailOf(err), c.want)):
				t.Errorf("got %s", detailOf(err))
			}
		})
	}
}

// TestAccTLS is the whole way once: a run through two guarded servers.
func TestAccTLS(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	ca := newAuthority(t)
	local := ca.server("127.0.0.1")
	cert, key := ca.client()
	arguments := adminLogin(sb, "endpoint", tlsFront(t, sb.URLs().Orchestrator, local, ca), "auth_url", tlsFront(t, sb.URLs().Keystone, local, ca)+"/identity",
		"client_cert_file", cert, "client_key_file", key)
	block := func(trust string) string {
		return strings.Replace(aliasedProvider("x", arguments), "alias = \"x\"", trust, 1)
	}
	w := newWorkspace(t, sb, "")
	w.preamble = strings.Split(w.preamble, "provider \"soda\"")[0]
	w.write(block(fmt.Sprintf("ca_cert_pem = %q", ca.pem)) + volumeConfig(1))
	w.apply().exits(0)
	w.expectInState(volumeAddress, "Success", false)
	w.write(block("insecure_skip_verify = true") + volumeConfig(1))
	w.plan().exits(0).says("Server certificates are not checked")
}
