package stackstorm

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestURLs(t *testing.T) {
	for base, want := range map[string]string{
		"https://st2.example":       "https://st2.example/api https://st2.example/auth",
		"https://st2.example/":      "https://st2.example/api https://st2.example/auth",
		"http://st2.example:8080/x": "http://st2.example:8080/x/api http://st2.example:8080/x/auth",
	} {
		api, auth, err := URLs(base)
		if err != nil || api.String()+" "+auth.String() != want {
			t.Errorf("%s: %v %v, %v", base, api, auth, err)
		}
	}
	for _, base := range []string{"", "st2.example", "ftp://st2.example", "https://", "https://user:hunter2@st2.example", "https://h?x=1", "https://h/#x", "https://h:port"} {
		if _, _, err := URLs(base); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// transport answers in memory, so that time is the bubble's.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func response(status int, body string, headers ...string) *http.Response {
	w := httptest.NewRecorder()
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.WriteHeader(status)
	w.WriteString(body)
	return w.Result()
}

func inMemory(cfg Config, answer transport) *Client {
	cfg.APIURL, cfg.AuthURL = &url.URL{Scheme: "https", Host: "st2", Path: "/api"}, &url.URL{Scheme: "https", Host: "st2", Path: "/auth"}
	cfg.HTTP = &http.Client{Transport: answer}
	return New(cfg)
}

// stackStorm gives tokens and takes only those that live.
type stackStorm struct {
	mu      sync.Mutex
	life    time.Duration
	ahead   time.Duration // of its clock
	logins  int
	calls   int
	tokens  map[string]time.Time
	refuses bool
}

func (s *stackStorm) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().Add(s.ahead)
	if req.URL.Path == "/auth/v1/tokens" {
		s.logins++
		if user, password, _ := req.BasicAuth(); s.refuses || user != "st2admin" || password != "hunter2" {
			return response(401, `{"faultstring": "Invalid or missing credentials"}`), nil
		}
		token := fmt.Sprintf("token-%d", s.logins)
		s.tokens[token] = now.Add(s.life)
		return response(201, fmt.Sprintf(`{"token": %q, "expiry": %q}`, token, now.Add(s.life).UTC().Format(time.RFC3339Nano)),
			"Date", now.UTC().Format(http.TimeFormat)), nil
	}
	s.calls++
	if !now.Before(s.tokens[req.Header.Get("X-Auth-Token")]) {
		return response(401, `{"faultstring": "Unauthorized"}`), nil
	}
	return response(200, "[]"), nil
}

func TestTokenIsRenewedByItsEnd(t *testing.T) {
	for _, ahead := range []time.Duration{0, -48 * time.Hour, 48 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := &stackStorm{life: 24 * time.Hour, ahead: ahead, tokens: map[string]time.Time{}}
			c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
			for range 5 * 24 { // two days and a half, a call each half hour
				if err := c.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Minute)
			}
			if s.logins != 3 || s.calls != 5*24 {
				t.Errorf("clock ahead by %s: %d logins and %d calls", ahead, s.logins, s.calls)
			}
		})
	}
}

func TestADeletedTokenIsRenewedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stackStorm{life: time.Hour, tokens: map[string]time.Time{}}
		c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
		if err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		clear(s.tokens)
		if err := c.Check(t.Context()); err != nil || s.logins != 2 || s.calls != 3 {
			t.Errorf("%v, %d logins, %d calls", err, s.logins, s.calls)
		}
		s.life = 0
		clear(s.tokens)
		err := c.Check(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindCredentials || s.logins != 3 {
			t.Errorf("%v, %d logins", err, s.logins)
		}
	})
}

// A token that was deleted is of no use, although its end has not come.
func TestADeletedTokenAndAChangedPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stackStorm{life: time.Hour, tokens: map[string]time.Time{}}
		c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
		if err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		clear(s.tokens)
		s.refuses = true
		err := c.Check(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Option != "password" || s.calls != 2 {
			t.Errorf("%v after %d calls", err, s.calls)
		}
	})
}

// Many who need a token at once log in once.
func TestOneLoginForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stackStorm{life: time.Hour, tokens: map[string]time.Time{}}
		c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := c.Check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.logins != 1 {
			t.Errorf("%d logins", s.logins)
		}
	})
}

// A wrong password is not tried with every request.
func TestARefusedLoginRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stackStorm{life: time.Hour, refuses: true, tokens: map[string]time.Time{}}
		c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
		for range 10 {
			if err := c.Check(t.Context()); err == nil {
				t.Fatal("no error")
			}
			time.Sleep(time.Second)
		}
		if s.logins != 1 {
			t.Errorf("%d logins", s.logins)
		}
		s.refuses = false
		time.Sleep(time.Minute)
		if err := c.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A renewal that fails is no harm while the old token lives.
func TestTheOldTokenServesWhileItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stackStorm{life: time.Hour, tokens: map[string]time.Time{}}
		c := inMemory(Config{Username: "st2admin", Password: "hunter2"}, s.RoundTrip)
		if err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.refuses = true
		time.Sleep(57 * time.Minute)
		if err := c.Check(t.Context()); err != nil || s.logins != 2 {
			t.Errorf("%v, %d logins", err, s.logins)
		}
		time.Sleep(5 * time.Minute)
		if err := c.Check(t.Context()); err == nil {
			t.Error("the token has ended")
		}
	})
}

func TestAWaiterForTheLoginCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		c := inMemory(Config{Username: "u", Password: "p"}, func(*http.Request) (*http.Response, error) {
			<-free
			return response(401, `{"faultstring": "Invalid or missing credentials"}`), nil
		})
		first := make(chan error, 1)
		go func() { first <- c.Check(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Check(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		close(free)
		if err := <-first; err == nil {
			t.Error("the login was refused")
		}
	})
}

func TestRecordedCredentials(t *testing.T) {
	for _, version := range []string{"", "v3.2.0-"} {
		key, u := newReplay(t, load(t, version+"api-key"))
		for k, want := range map[string]string{"stackstorm-api-key-1": "", "no-such-key": "does not know the API key"} {
			err := New(Config{APIURL: u.JoinPath("api"), APIKey: k}).Check(t.Context())
			if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), k)) {
				t.Errorf("%s%s: %v", version, k, err)
			}
		}
		// The second time it is asked, the key has been disabled.
		err := New(Config{APIURL: u.JoinPath("api"), APIKey: "stackstorm-api-key-1"}).Check(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindCredentials || e.Option != "api_key" || !strings.Contains(e.Error(), "is disabled") {
			t.Errorf("%s: %v; asked %q", version, err, key.asked)
		}

		_, u = newReplay(t, load(t, version+"auth-token"))
		c := New(Config{APIURL: u.JoinPath("api"), AuthURL: u.JoinPath("auth"), Username: "st2admin", Password: "right-password"})
		cred, err := c.credential(t.Context())
		if err != nil || cred != (credential{"X-Auth-Token", "stackstorm-token-1"}) || c.login.endsAt.Year() != 2026 {
			t.Errorf("%s: %v, %v", version, cred, err)
		}
		err = New(Config{APIURL: u.JoinPath("api"), AuthURL: u.JoinPath("auth"), Username: "st2admin", Password: "wrong"}).Check(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindCredentials || e.Option != "password" || !strings.Contains(e.Error(), `the login of user "st2admin"`) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// What the user reads. None may hold a credential.
func TestErrors(t *testing.T) {
	const key, page = "the-key-of-the-test", "<html><title>hello the-key-of-the-test</title></html>"
	for _, c := range []struct {
		status  int
		body    string
		headers []string
		kind    Kind
		want    string
	}{
		{200, page, nil, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: the answer is not what StackStorm sends: invalid character '<' looking for beginning of value. Check the URL"},
		{200, `{"a": "the-key-of-the-test"}`, nil, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: the answer is not what StackStorm sends: unexpected object. Check the URL"},
		{404, page, nil, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: it answered 404 Not Found, which is not StackStorm's answer. Check the URL"},
		{401, page, nil, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: it answered 401 Unauthorized, which is not StackStorm's answer. Check the URL"},
		{302, "", []string{"Location", "https://user:the-key-of-the-test@elsewhere/x?y=the-key-of-the-test"}, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: it redirects to https://elsewhere. Credentials are not sent after redirects: give the final URL"},
		{302, "", nil, KindNotStackStorm, "StackStorm at https://st2, GET /api/v1/executions: it redirects to https://st2. Credentials are not sent after redirects: give the final URL"},
		{502, page, nil, KindUnreachable, "StackStorm at https://st2, GET /api/v1/executions: it answered 502 Bad Gateway. StackStorm may be down or starting"},
		{503, `{"faultstring": "later"}`, nil, KindUnreachable, "StackStorm at https://st2, GET /api/v1/executions: it answered 503 Service Unavailable. StackStorm may be down or starting"},
		{500, page, nil, KindUnreachable, "StackStorm at https://st2, GET /api/v1/executions: it answered 500 Internal Server Error. StackStorm may be down or starting"},
		{500, `{"faultstring": "Internal Server Error"}`, nil, KindOther, "StackStorm at https://st2, GET /api/v1/executions: it answered 500 Internal Server Error: Internal Server Error"},
		{400, `{"faultstring": "no\nthe-key-of-the-test \u001b[1m"}`, nil, KindOther, `StackStorm at https://st2, GET /api/v1/executions: it answered 400 Bad Request: no (hidden) \u001b[1m`},
		{403, `{"faultstring": "User \"u\" doesn't have required permission \"execution_list\""}`, nil, KindPermission, `StackStorm at https://st2, GET /api/v1/executions: it answered 403 Forbidden: User "u" doesn't have required permission "execution_list"`},
		{200, strings.Repeat(" ", maxAnswer+1), nil, KindOther, "StackStorm at https://st2, GET /api/v1/executions: the answer is larger than 4 MiB"},
	} {
		client := inMemory(Config{APIKey: key}, func(*http.Request) (*http.Response, error) {
			return response(c.status, c.body, c.headers...), nil
		})
		err := client.Check(t.Context())
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != c.kind || e.Error() != c.want || e.Temporary() != (c.kind == KindUnreachable) {
			t.Errorf("%d: %v\nwanted %s", c.status, err, c.want)
		}
		if strings.Contains(fmt.Sprintf("%+v", err), key) || strings.Contains(e.Message, key) {
			t.Errorf("%d: the key is in %+v", c.status, e)
		}
	}
}

func TestErrorsOfTheNetwork(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	for address, want := range map[string]Kind{plain.URL: KindUnreachable, secure.URL: KindTLS} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("user", "hunter2")
		err = New(Config{APIURL: u, APIKey: "the-key-of-the-test"}).Check(t.Context())
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != want || !strings.Contains(e.Error(), u.Host) || strings.Contains(e.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// The end of an attempt is not the end of the caller's context.
func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(Config{APIKey: "k", RequestTimeout: 5 * time.Second, MaxRetries: 3}, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		start := time.Now()
		err := c.Check(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindUnreachable || !strings.Contains(e.Error(), "no answer within 5s") || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestReadsAreRepeated(t *testing.T) {
	for _, c := range []struct {
		status int
		err    error
		want   int
	}{
		{429, nil, 4}, {502, nil, 4}, {503, nil, 4}, {504, nil, 4},
		{0, errors.New("connection reset"), 4}, {0, x509.UnknownAuthorityError{}, 1},
		{500, nil, 1}, {400, nil, 1}, {401, nil, 1}, {404, nil, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			client := inMemory(Config{APIKey: "k", MaxRetries: 3}, func(*http.Request) (*http.Response, error) {
				calls++
				if c.err != nil {
					return nil, c.err
				}
				return response(c.status, "", "Retry-After", "86400"), nil
			})
			start := time.Now()
			if err := client.Check(t.Context()); err == nil || calls != c.want {
				t.Errorf("%d: %v after %d calls", c.status, err, calls)
			}
			if took := time.Since(start); took > 3*retryWaitMax {
				t.Errorf("%d: a pause of %s", c.status, took)
			}
		})
	}
}

func TestThePauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := inMemory(Config{APIKey: "k", MaxRetries: 3}, func(*http.Request) (*http.Response, error) { return response(503, ""), nil })
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stopped")
		time.AfterFunc(100*time.Millisecond, func() { cancel(stop) })
		start := time.Now()
		if err := client.Check(ctx); !errors.Is(err, stop) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestNoRedirectIsFollowed(t *testing.T) {
	var asked []string
	client := inMemory(Config{APIKey: "k"}, func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.URL.String())
		return response(307, "", "Location", "https://st2/elsewhere"), nil
	})
	if err := client.Check(t.Context()); err == nil || len(asked) != 1 {
		t.Errorf("%v, asked %q", err, asked)
	}
}

// What stands in the address as user and password is not sent.
func TestOnlyItsOwnCredentialIsSent(t *testing.T) {
	client := New(Config{APIURL: &url.URL{Scheme: "https", Host: "st2", User: url.UserPassword("user", "hunter2")}, APIKey: "k",
		HTTP: &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			if len(req.Header["Authorization"]) > 0 || req.Header.Get("St2-Api-Key") != "k" {
				t.Errorf("sent %v", req.Header)
			}
			return response(200, "[]"), nil
		})}})
	if err := client.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// A task may print the token that the connection itself goes by.
func TestTheTokenOfTheConnectionIsHidden(t *testing.T) {
	client := inMemory(Config{Username: "u", Password: "hunter2"}, func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			return response(201, `{"token": "the-token-of-the-test", "expiry": "2999-01-01T00:00:00Z"}`), nil
		}
		return response(200, `{"id": "6b0000000000000000000001", "status": "failed", "result": {"error": "the-token-of-the-test and hunter2"}}`), nil
	})
	for range 2 { // the first time the token is not there yet when the call begins
		f, err := client.Failure(t.Context(), "6b0000000000000000000001", nil)
		if err != nil || f.Text != "(hidden) and (hidden)" {
			t.Errorf("%+v, %v", f, err)
		}
	}
}

func TestTheLogHoldsNoSecret(t *testing.T) {
	s := &stackStorm{life: time.Hour, tokens: map[string]time.Time{}}
	var told []RequestLog
	client := inMemory(Config{Username: "st2admin", Password: "hunter2", Log: func(_ context.Context, l RequestLog) { told = append(told, l) }}, s.RoundTrip)
	if _, err := client.FindByRun(t.Context(), "a-mark", "", time.Time{}); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	var paths []string
	for _, l := range told {
		paths = append(paths, fmt.Sprintf("%s %s %d", l.Method, l.Path, l.Status))
	}
	if !slices.Equal(paths, []string{"POST /auth/v1/tokens 201", "GET /api/v1/executions 200"}) {
		t.Errorf("%q", paths)
	}
	raw, err := json.Marshal(told)
	if err != nil || strings.Contains(string(raw), "hunter2") || strings.Contains(string(raw), "token-1") || strings.Contains(string(raw), "a-mark") {
		t.Errorf("%s, %v", raw, err)
	}
}

// refusedForItsSize is what a transport says of an answer that it cuts short.
type refusedForItsSize struct{}

func (refusedForItsSize) Error() string { return "the answer holds more than 9 values" }
func (refusedForItsSize) TooLarge()     {}

// TestAnswerThatTheTransportRefuses: it is there, and would be the same again.
func TestAnswerThatTheTransportRefuses(t *testing.T) {
	client := inMemory(Config{APIKey: "the-key"}, func(*http.Request) (*http.Response, error) {
		resp := response(200, "")
		resp.Body = io.NopCloser(iotest.ErrReader(refusedForItsSize{}))
		return resp, nil
	})
	err := client.Check(t.Context())
	e, ok := errors.AsType[*Error](err)
	if want := "StackStorm at https://st2, GET /api/v1/executions: the answer holds more than 9 values"; !ok || e.Temporary() || e.Error() != want {
		t.Errorf("%v\nwanted %s", err, want)
	}
}
