package orchestration

import (
	"errors"
	"fmt"
	"io"
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
		"StackStorm":  {404, `{"faultstring": "The resource could not be found."}`, "404 Not Found: The resource could not be found.", false},
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

func TestPassing(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"gone":                          {404, "{}", false},
		"no route at a proxy":           {404, "<html>not here</html>", true},
		"no route at a gateway":         {404, `{"message": "no Route matched"}`, true},
		"nothing at all":                {404, "", true},
		"a login page":                  {302, "", true},
		"a login page, after a form":    {303, "", true},
		"moved for now":                 {307, "", true},
		"moved":                         {301, "", true},
		"a proxy's refusal":             {400, "<html>Bad Request</html>", true},
		"a login is wanted":             {401, "<html>log in</html>", true},
		"forbidden":                     {403, "<html>no</html>", true},
		"a login at the proxy":          {407, "", true},
		"too slow":                      {408, "", true},
		"too much":                      {429, "", true},
		"an unmapped status, or a race": {500, "<p>x</p>", true},
		"the server is away":            {502, "", true},
		"the server is starting":        {503, "", true},
		"the server is slow":            {504, "", true},
		"another page":                  {200, "<html>Welcome</html>", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://elsewhere.invalid/")
				answer(w, tc.status, tc.body)
			})
			_, err := c.Instance(t.Context(), "x", "")
			if err == nil || Passing(err) != tc.want {
				t.Errorf("Passing is %v for %v", Passing(err), err)
			}
		})
	}
	for _, err := range []error{io.EOF, &timeoutError{after: time.Second}, errPatience, &lostError{err: io.ErrUnexpectedEOF}} {
		if !Passing(err) {
			t.Errorf("does not pass: %v", err)
		}
	}
	if Passing(nil) || Passing(fmt.Errorf("x: %w", &Error{Status: 404, form: emptyForm})) {
		t.Error("nothing, or what is gone, passes")
	}
}
