package keystone_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// checking is a server that refuses some tokens, as hotpot does, and names the
// ones that it was sent.
func checking(t *testing.T, refuses func(token string, n int) bool) (address string, seen *[]string) {
	t.Helper()
	seen = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.Join(r.Header.Values("X-Auth-Token"), "+")
		*seen = append(*seen, token)
		if refuses(token, len(*seen)) {
			w.WriteHeader(http.StatusUnauthorized)
		}
		io.WriteString(w, token)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

// TestOneLoginBecauseOfA401: a revoked token is replaced, once for a request.
func TestOneLoginBecauseOfA401(t *testing.T) {
	k := newFake(t)
	first := ""
	address, seen := checking(t, func(token string, n int) bool {
		if n == 1 {
			first = token
		}
		return token == first
	})
	client := &http.Client{Transport: &keystone.CheckedTransport{Source: k.source(admin()), Host: address}}
	for range 3 {
		if got := read(t, client, get(t.Context(), t, address)); got == "" || got == first {
			t.Errorf("the last token was %q, the first %q", got, first)
		}
	}
	if n := k.countLogins(); n != 2 || len(*seen) != 4 {
		t.Errorf("%d logins, %d requests", n, len(*seen))
	}
}

// TestA401IsNotRepeatedForEver: it is the answer if a new token is refused too,
// or if there can be no other.
func TestA401IsNotRepeatedForEver(t *testing.T) {
	k := newFake(t)
	for name, c := range map[string]struct {
		source   keystone.Tokens
		requests int
	}{
		"a new token":   {k.source(admin()), 2},
		"a given token": {k.source(keystone.Options{Token: "given", ProjectID: "p"}), 1},
		"noauth":        {keystone.Fixed{}, 1},
	} {
		address, seen := checking(t, func(string, int) bool { return true })
		client := &http.Client{Transport: &keystone.CheckedTransport{Source: c.source, Host: address}}
		resp, err := client.Do(get(t.Context(), t, address))
		if err != nil || resp.StatusCode != http.StatusUnauthorized || len(*seen) != c.requests {
			t.Errorf("%s: %v, %d requests", name, err, len(*seen))
			continue
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != (*seen)[c.requests-1] {
			t.Errorf("%s: body %q, %v", name, body, err)
		}
		resp.Body.Close()
	}
}

// TestNoReadWithoutAToken: the server would only say that there was none.
func TestNoReadWithoutAToken(t *testing.T) {
	k := newFake(t)
	k.override = func(*http.Request) *answer { return &answer{Status: http.StatusServiceUnavailable} }
	address, seen := checking(t, func(string, int) bool { return false })
	client := &http.Client{Transport: &keystone.CheckedTransport{Source: k.source(admin()), Host: address}}
	for range 3 {
		_, err := client.Do(get(t.Context(), t, address))
		wantError(t, err, keystone.KindUnreachable, "auth_url")
	}
	if n := k.countLogins(); n != 1 || len(*seen) != 0 {
		t.Errorf("%d logins, %d requests", n, len(*seen))
	}
}

// TestAFailedLoginAfterA401: why no other token could be had says more than
// the 401.
func TestAFailedLoginAfterA401(t *testing.T) {
	k := newFake(t)
	address, _ := checking(t, func(string, int) bool {
		k.set(func() { k.override = func(*http.Request) *answer { return &k.unknown } })
		return true
	})
	client := &http.Client{Transport: &keystone.CheckedTransport{Source: k.source(admin()), Host: address}}
	_, err := client.Do(get(t.Context(), t, address))
	wantError(t, err, keystone.KindCredentials, "password")
}

func TestCheckedTokenGoesToItsHostAlone(t *testing.T) {
	address, seen := checking(t, func(string, int) bool { return false })
	other, elsewhere := checking(t, func(string, int) bool { return true })
	client := &http.Client{Transport: &keystone.CheckedTransport{Source: keystone.Fixed{Token: "mine"}, Host: address}}
	read(t, client, get(t.Context(), t, address))
	read(t, client, get(t.Context(), t, other))
	if got := strings.Join(append(*seen, *elsewhere...), ","); got != "mine," {
		t.Errorf("tokens sent: %q", got)
	}
	for name, host := range map[string]string{"no host": "", "no scheme": "soda.test:50040"} {
		client := &http.Client{Transport: &keystone.CheckedTransport{Source: keystone.Fixed{}, Host: host}}
		if _, err := client.Do(get(t.Context(), t, address)); err == nil || !strings.Contains(err.Error(), "no address to send tokens to") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
