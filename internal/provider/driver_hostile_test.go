package provider

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// hostileFront stands before all servers of a sandbox. Requests about a key are
// answered with what a row of hostileAnswers says, and all others by the sandbox.
//
// Use this when a test is about what servers answer and what the provider makes of
// it, whatever the server.
type hostileFront struct {
	urls map[string]string // by server

	mu    sync.Mutex
	seen  map[string]bool // rows that were asked for
	token string          // the sandbox's, in the place of the hostile one
}

// The servers of a hostileFront.
const (
	atOrchestrator = "orchestrator"
	atKeystone     = "keystone"
	atStackStorm   = "stackstorm"
	atHotpot       = "hotpot"
	atGelato       = "gelato"
)

// The secrets that a hostileFront lets in. What is in them is escaped by one or
// another of the spellings in which a server may repeat them.
const (
	hostilePassword = "p\"a\\s<s>&'wörd\t%41+/=1"
	hostileToken    = `gAAAAA"t\o<k>&'en%41+/=-0123456789abcdef`
	hostileAPIKey   = `key"k\e<y>&'%41+/=-0123456789abcdef`
	hostileInput    = "in\"p\\u<t>&'é\tof-parameters_wo"
)

func hostileSecrets() map[string]string {
	return map[string]string{"password": hostilePassword, "token": hostileToken, "API key": hostileAPIKey, "write-only input": hostileInput}
}

// spelledBy are the ways in which a server may repeat a secret. They are written
// down here once more, so that the provider's own list is not compared with itself.
var spelledBy = map[string]func(string) string{
	"raw": func(s string) string { return s },
	"json": func(s string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s)
		return strings.Trim(strings.TrimSpace(b.String()), `"`)
	},
	"safe json":  func(s string) string { raw, _ := json.Marshal(s); return string(raw[1 : len(raw)-1]) },
	"ascii json": func(s string) string { return strings.Trim(strconv.QuoteToASCII(s), `"`) },
	"go":         func(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] },
	"python":     func(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\t", `\t`).Replace(s) },
	"python 2": func(s string) string {
		return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\t", `\t`, "ö", `\xc3\xb6`, "é", `\xc3\xa9`).Replace(s)
	},
	"query":    url.QueryEscape,
	"path":     url.PathEscape,
	"url path": func(s string) string { return (&url.URL{Path: s}).EscapedPath() },
	"go bytes": func(s string) string {
		return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%+q", latin(s)), `\u00`, `\x`), `"`)
	},
	"html":      html.EscapeString,
	"base64":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
}

// latin has a letter for every byte.
func latin(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// hostileKey is the id, 24 hexadecimal digits, under which a row is asked for.
func hostileKey(row string) string {
	sum := sha256.Sum256([]byte(row))
	return hex.EncodeToString(sum[:12])
}

// hostileReply is an answer. In its body, <<SPELLING>> is the secret that the request
// carried, <<input SPELLING>> the write-only input, and <<key>> the row's key.
type hostileReply struct {
	status      int    // 0 is 200
	contentType string // "" is JSON
	header      map[string]string
	body        string
	wire        string // all that is sent, instead of an answer of net/http
	gzipped     int    // a body of so many spaces, compressed
	hang        bool   // no answer until the client goes away
}

func newHostileFront(t *testing.T, sb *sandbox.Sandbox) *hostileFront {
	t.Helper()
	f := &hostileFront{urls: map[string]string{}, seen: map[string]bool{}}
	for server, address := range map[string]string{
		atOrchestrator: sb.URLs().Orchestrator, atKeystone: sb.URLs().Keystone, atStackStorm: sb.URLs().StackStorm,
		atHotpot: sb.URLs().Hotpot, atGelato: sb.URLs().Gelato,
	} {
		target, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		proxy := f.proxy(target)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if row := rowOf(server, r, string(body)); row != nil {
				f.note(row.name)
				row.reply.send(w, r, row.name, carried(server, r))
				return
			}
			proxy.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.Close)
		f.urls[server] = srv.URL + target.Path
	}
	return f
}

// proxy exchanges the hostile secrets for those of the sandbox, and its token for the
// hostile one.
func (f *hostileFront) proxy(target *url.URL) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
			f.mu.Lock()
			defer f.mu.Unlock()
			if p.Out.Header.Get("X-Auth-Token") == hostileToken {
				p.Out.Header.Set("X-Auth-Token", f.token)
			}
			if p.Out.Header.Get("St2-Api-Key") == hostileAPIKey {
				p.Out.Header.Set("St2-Api-Key", sandbox.StackStormAPIKey)
			}
			body, _ := io.ReadAll(p.In.Body)
			for _, spell := range []string{"json", "safe json"} {
				body = bytes.ReplaceAll(body, []byte(spelledBy[spell](hostilePassword)), []byte(sandbox.Password))
			}
			p.Out.Body, p.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		},
		ModifyResponse: func(resp *http.Response) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if token := resp.Header.Get("X-Subject-Token"); token != "" {
				f.token = token
				resp.Header.Set("X-Subject-Token", hostileToken)
			}
			return nil
		},
	}
}

func (f *hostileFront) note(row string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[row] = true
}

// asked reports whether the row's answer was ever sent.
func (f *hostileFront) asked(row string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[row]
}

// rowOf is the row that a request is about, by the end of its path or by its body;
// nil for none.
func rowOf(server string, r *http.Request, body string) *hostileAnswer {
	for i, row := range hostileAnswers {
		about := strings.HasSuffix(r.URL.Path, "/"+hostileKey(row.name)) || strings.Contains(body, hostileKey(row.name))
		if about && row.at == server && row.method() == r.Method {
			return &hostileAnswers[i]
		}
	}
	return nil
}

// carried is the secret that a request carries.
func carried(server string, r *http.Request) string {
	switch {
	case server == atKeystone:
		return hostilePassword
	case r.Header.Get("St2-Api-Key") != "":
		return r.Header.Get("St2-Api-Key")
	}
	return r.Header.Get("X-Auth-Token")
}

func (a hostileReply) send(w http.ResponseWriter, r *http.Request, row, secret string) {
	fill := func(text string) string {
		text = strings.ReplaceAll(text, "<<key>>", hostileKey(row))
		for name, spell := range spelledBy {
			text = strings.ReplaceAll(text, "<<"+name+">>", spell(secret))
			text = strings.ReplaceAll(text, "<<input "+name+">>", spell(hostileInput))
		}
		return text
	}
	if a.hang {
		<-r.Context().Done()
		return
	}
	if a.wire != "" {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, fill(a.wire))
			_ = conn.Close()
		}
		return
	}
	contentType := a.contentType
	if contentType == "" {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	for name, value := range a.header {
		w.Header().Set(name, fill(value))
	}
	if a.gzipped > 0 {
		w.Header().Set("Content-Encoding", "gzip")
	}
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	if a.gzipped == 0 {
		_, _ = io.WriteString(w, fill(a.body))
		return
	}
	z := gzip.NewWriter(w)
	blank := bytes.Repeat([]byte(" "), 1<<16)
	for range a.gzipped / len(blank) {
		if _, err := z.Write(blank); err != nil {
			return
		}
	}
	_ = z.Close()
}

// expectNoSecret fails the test if a text has one of the hostile secrets, in any
// spelling, on one line or broken into several.
func expectNoSecret(t *testing.T, where, text string) {
	t.Helper()
	flat := joinLines(text)
	for what, secret := range hostileSecrets() {
		for how, spell := range spelledBy {
			spelled := spell(secret)
			if strings.Contains(text, spelled) || strings.Contains(flat, strings.Join(strings.Fields(spelled), " ")) {
				t.Errorf("%s has the %s in spelling %q: %q", where, what, how, near(text, spelled))
			}
		}
	}
}

// near is what stands around the first place of a text in another.
func near(text, found string) string {
	at := strings.Index(text, found)
	if at < 0 {
		return "in several lines"
	}
	return text[max(0, at-200):min(len(text), at+len(found)+100)]
}

// expectHarmless fails the test if a text would control a terminal.
func expectHarmless(t *testing.T, where, text string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if at := strings.IndexFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }); at >= 0 {
			t.Errorf("%s would control a terminal: %q", where, line)
		}
	}
}

// login are the provider's arguments that lead to the front, as HCL.
func (f *hostileFront) login(user string) string {
	return fmt.Sprintf(`
  endpoint            = %q
  block_endpoint      = %q
  multicloud_endpoint = %q
  auth_url            = %q
  user_name           = %q
  password            = var.password
  user_domain_name    = "Default"
  project_name        = "admin"
  project_domain_name = "Default"
  max_retries         = 0
  request_timeout     = "10s"
  poll_interval       = { min = "5ms", max = "50ms" }
  stackstorm          = { url = %q, api_key = var.api_key, allow_code_upload = true }
`, f.urls[atOrchestrator], f.urls[atHotpot], f.urls[atGelato], f.urls[atKeystone], user, f.urls[atStackStorm])
}
