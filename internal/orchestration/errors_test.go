package orchestration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestErrorWords(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   string // the whole error after method and path
		own    bool
	}{
		"text":            {400, `"required input action is missing"` + "\n", "400 Bad Request: required input action is missing", true},
		"empty object":    {404, "{}\n", "404 Not Found", true},
		"empty list":      {500, "[]\n", "500 Internal Server Error", true},
		"fault":           {400, `{"faultstring": "'size' is a required property"}`, "400 Bad Request: 'size' is a required property", true},
		"fault in tasks":  {404, `{"response": {"faultstring": "Unable to identify resource"}}`, "404 Not Found: Unable to identify resource", true},
		"the status only": {503, `{"faultstring": "Service Unavailable"}`, "503 Service Unavailable", true},
		"flask": {404, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n" +
			"<p>The requested URL was not found\non the server. If you entered &#34;it&#34; manually, check.</p>\n",
			`404 Not Found: The requested URL was not found on the server. If you entered "it" manually, check.`, false},
		"flask, cut":  {500, "<!doctype html>\n<title>500 Internal Server Error</title>\n<p>The server enc", "500 Internal Server Error: The server enc", false},
		"nginx":       {502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>", "502 Bad Gateway", false},
		"titled page": {403, "<html><title>Access <b>denied</b></title><body>…</body></html>", "403 Forbidden: Access denied", false},
		"bare page":   {403, "<html><head><style>p {}</style></head><body>No <b>way</b><script>x()</script></body></html>", "403 Forbidden: No way", false},
		"plain text":  {429, "slow\ndown\x1b[31m!", "429 Too Many Requests: slow down [31m!", false},
		"gateway":     {404, `{"message": "no Route matched"}`, "404 Not Found: no Route matched", false},
		"other json":  {404, `{"code": 404, "error": {"message": "x"}}`, "404 Not Found", false},
		"filled list": {404, `[1]`, "404 Not Found", false},
		"empty":       {404, "", "404 Not Found", false},
		"unnamed":     {599, "", "599", false},
		"binary":      {500, "\xff\xfe\x00", "500 Internal Server Error", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, tc.status, tc.body) })
			c.maxRetries = 0
			_, err := c.Service(t.Context(), "x")
			api, ok := errors.AsType[*Error](err)
			if !ok || api.Method != "GET" || api.Path != "/v1beta/tenant-1/orchestration/services/x" || api.Status != tc.status {
				t.Fatalf("got %#v", err)
			}
			if got := strings.TrimPrefix(err.Error(), "GET /v1beta/tenant-1/orchestration/services/x: "); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if IsNotFound(err) != (tc.own && tc.status == 404) {
				t.Errorf("IsNotFound: %v", IsNotFound(err))
			}
		})
	}
}

func TestStatusSurvivesACutBody(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99")
		answer(w, http.StatusConflict, "<p>cut")
	})
	_, err := c.Services(t.Context())
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusConflict {
		t.Error(err)
	}
}

func TestErrorWordsAreFew(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusBadRequest, strings.Repeat("é ", 5000))
	})
	_, err := c.Services(t.Context())
	api, _ := errors.AsType[*Error](err)
	if n := utf8.RuneCountInString(api.Message); n != 500 || !strings.HasSuffix(api.Message, "é…") {
		t.Errorf("%d characters: %s", n, api.Message)
	}
}

func TestErrorsTellNoSecrets(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer srv.Close()
	c := newTestClient(t, srv.URL, Config{HTTP: &http.Client{Transport: withToken{}}})
	c.BaseURL.User = nil
	_, err := c.CreateInstance(t.Context(), InstanceRequest{Name: "n", Parameters: []byte(`{"SK": "hush"}`)})
	if err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), srv.URL) {
		t.Errorf("the error tells too much: %v", err)
	}
	_, err = c.InstancesByService(t.Context(), "hush")
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("the error tells the query: %v", err)
	}
}

type withToken struct{}

func (withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Auth-Token", "hush")
	return http.DefaultTransport.RoundTrip(r)
}

func TestAmbiguous(t *testing.T) {
	drop := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, code, body) }
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    bool
	}{
		"500, perhaps an orphan":  {status(500, "<p>x</p>"), true},
		"500, StackStorm is gone": {status(500, "[]"), true},
		"503":                     {status(503, "{}"), true},
		"504 of a proxy":          {status(504, ""), true},
		"the connection was cut":  {drop, true},
		"the answer was cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			answer(w, 200, "{")
		}, true},
		"200 without an id":        {status(200, "{}"), true},
		"400":                      {status(400, `{"faultstring": "x"}`), false},
		"401":                      {status(401, ""), false},
		"404":                      {status(404, ""), false},
		"429":                      {status(429, ""), false},
		"a redirect, not followed": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusTemporaryRedirect) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, tc.handler)
			_, err := c.CreateInstance(t.Context(), InstanceRequest{})
			if err == nil || Ambiguous(err) != tc.want {
				t.Errorf("Ambiguous is %v for %v", Ambiguous(err), err)
			}
		})
	}
}

func untilTheClientGoes(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // only then does the server notice
	<-r.Context().Done()
}

func TestAmbiguousWithoutAnswer(t *testing.T) {
	create := func(ctx context.Context, c *Client) error {
		_, err := c.CreateInstance(ctx, InstanceRequest{})
		return err
	}
	t.Run("refused", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		c := newTestClient(t, "http://"+l.Addr().String(), Config{})
		if err := create(t.Context(), c); err == nil || Ambiguous(err) || c.contended.Load() {
			t.Errorf("%v (contended: %v)", err, c.contended.Load())
		}
	})
	t.Run("untrusted certificate", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		defer srv.Close()
		c := newTestClient(t, srv.URL, Config{MaxRetries: 1})
		if err := create(t.Context(), c); err == nil || Ambiguous(err) {
			t.Error(err)
		}
	})
	t.Run("no answer in time", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(untilTheClientGoes))
		defer srv.Close()
		c := newTestClient(t, srv.URL, Config{RequestTimeout: time.Millisecond})
		err := create(t.Context(), c)
		if !Ambiguous(err) || !strings.HasSuffix(err.Error(), "/instances: no answer within 1ms") {
			t.Error(err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("an attempt's own timeout passes for the caller's")
		}
		if !c.contended.Load() {
			t.Error("the request goes on inside the server: a sign of others")
		}
	})
	t.Run("no answer from what mixes with nothing", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(untilTheClientGoes))
		defer srv.Close()
		c := newTestClient(t, srv.URL, Config{RequestTimeout: time.Millisecond})
		if _, err := c.Services(t.Context()); err == nil || c.contended.Load() {
			t.Errorf("%v (contended: %v)", err, c.contended.Load())
		}
	})
	t.Run("cancelled under way", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel(stop)
			untilTheClientGoes(w, r)
		}))
		defer srv.Close()
		var logged RequestLog
		c := newTestClient(t, srv.URL, Config{Log: func(_ context.Context, r RequestLog) { logged = r }})
		if err := create(ctx, c); !Ambiguous(err) || !errors.Is(err, stop) {
			t.Error(err)
		}
		if _, timeout := errors.AsType[*timeoutError](logged.Err); timeout || logged.Err == nil {
			t.Errorf("logged as %v", logged.Err)
		}
	})
	t.Run("cancelled in the queue", func(t *testing.T) {
		c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was sent") })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := create(ctx, c); err == nil || Ambiguous(err) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if Ambiguous(nil) || Ambiguous(fmt.Errorf("something else")) || IsNotFound(nil) {
		t.Error("an error that is none of ours is taken for one")
	}
}
