package keystone_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// echo answers with the token it was sent.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, strings.Join(r.Header.Values("X-Auth-Token"), "+"))
})

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func read(t *testing.T, client *http.Client, req *http.Request) string {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func get(ctx context.Context, t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestTokenGoesToTheHostAndNoOther(t *testing.T) {
	base := roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		echo(w, r)
		return w.Result(), nil
	})
	cases := []struct {
		host, address string
		sent          bool
	}{
		{"http://orch.test:5000", "http://orch.test:5000/v1beta", true},
		{"http://orch.test:5000/orch", "http://orch.test:5000/elsewhere", true},
		{"http://Orch.test", "http://orch.TEST:80/", true},
		{"https://orch.test:443", "https://orch.test/", true},
		{"http://[::1]:5000", "http://[::1]:5000/", true},
		{"http://orch.test:5000", "http://orch.test:5001/", false},
		{"http://orch.test:5000", "http://other.test:5000/", false},
		{"https://orch.test:5000", "http://orch.test:5000/", false},
		{"http://orch.test", "http://orch.test.evil.test/", false},
	}
	for _, c := range cases {
		client := &http.Client{Transport: &keystone.Transport{Source: keystone.Fixed{Token: "mine"}, Base: base, Host: c.host}}
		req := get(t.Context(), t, c.address)
		if got := read(t, client, req) == "mine"; got != c.sent {
			t.Errorf("for %s, request to %s: token sent: %v", c.host, c.address, got)
		}
		if req.Header.Get("X-Auth-Token") != "" {
			t.Error("the caller's request was changed")
		}
	}
}

func TestARedirectElsewhereCarriesNoToken(t *testing.T) {
	other := httptest.NewServer(echo)
	defer other.Close()
	door := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer door.Close()
	client := &http.Client{Transport: &keystone.Transport{Source: keystone.Fixed{Token: "mine"}, Host: door.URL}}
	if got := read(t, client, get(t.Context(), t, door.URL)); got != "" {
		t.Errorf("the other server got %q", got)
	}
	client.Transport.(*keystone.Transport).Host = other.URL
	if got := read(t, client, get(t.Context(), t, other.URL)); got != "mine" {
		t.Errorf("our own got %q", got)
	}
}

// TestOnlyAPostNeedsAToken: whatever follows a run goes on without Keystone,
// and asks it no more than now and then.
func TestOnlyAPostNeedsAToken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Method+" "+strings.Join(r.Header.Values("X-Auth-Token"), "+"))
	}))
	defer server.Close()
	k := newFake(t)
	k.override = func(*http.Request) *answer { return &answer{Status: http.StatusServiceUnavailable} }
	client := &http.Client{Transport: &keystone.Transport{Source: k.source(admin()), Host: server.URL}}
	send := func(method string) (string, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			_, err = client.Do(req)
			return "", err
		}
		return read(t, client, req), nil
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodGet} {
		if got, _ := send(method); got != method+" " {
			t.Errorf("%s: the server saw %q", method, got)
		}
	}
	asked := k.countLogins()
	if asked != 1 {
		t.Errorf("Keystone was asked %d times", asked)
	}
	_, err := send(http.MethodPost)
	wantError(t, err, keystone.KindUnreachable, "auth_url")
	if k.countLogins() == asked {
		t.Error("a POST did not ask Keystone again")
	}
}

func TestNoLoginBecauseOfA401(t *testing.T) {
	k := newFake(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer server.Close()
	client := &http.Client{Transport: &keystone.Transport{Source: k.source(admin()), Host: server.URL}}
	for range 3 {
		read(t, client, get(t.Context(), t, server.URL))
	}
	if n := k.countLogins(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

func TestWithoutTokenNoRequest(t *testing.T) {
	k := newFake(t)
	k.override = func(*http.Request) *answer { return &answer{Status: http.StatusServiceUnavailable} }
	for name, transport := range map[string]*keystone.Transport{
		"no token": {Source: k.source(admin()), Host: "http://orch.test"},
		"no host":  {Source: keystone.Fixed{}},
		"bad host": {Source: keystone.Fixed{}, Host: "orch.test:5000"},
	} {
		t.Run(name, func(t *testing.T) {
			transport.Base = roundTrip(func(*http.Request) (*http.Response, error) {
				t.Error("the request was sent")
				return nil, errors.New("sent")
			})
			content := &body{Reader: strings.NewReader("{}")}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://orch.test/", content)
			if err != nil {
				t.Fatal(err)
			}
			_, err = transport.RoundTrip(req)
			if err == nil || !content.closed {
				t.Errorf("error %v, body closed: %v", err, content.closed)
			}
		})
	}
}
