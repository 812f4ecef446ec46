package gelato

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// FuzzDecode: whatever a server sends, every row has an id, and an error does
// not repeat what was sent.
func FuzzDecode(f *testing.F) {
	for _, steps := range recordings(f) {
		for _, step := range steps {
			f.Add(step.wire(f))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		fuzzRow[Backend](t, raw, "backends")
		fuzzRow[Plan](t, raw, "plans")
		fuzzRow[Job](t, raw, "jobs")
		words := condense(serverWords(raw))
		if len([]rune(words)) > maxMessage || strings.ContainsAny(words, "\n\r\t\x1b") {
			t.Errorf("words %q", words)
		}
	})
}

func fuzzRow[T row](t *testing.T, raw []byte, list string) {
	v, err := decodeOne[T](raw)
	checkFuzzed(t, err)
	if err == nil && v != nil && (*v).identity() == "" {
		t.Errorf("no id: %v", v)
	}
	rows, length, err := decodeList[T](raw, list)
	checkFuzzed(t, err)
	if len(rows) > length {
		t.Errorf("%d rows of %d", len(rows), length)
	}
	for _, r := range rows {
		if r.identity() == "" {
			t.Errorf("no id: %v", r)
		}
	}
}

func checkFuzzed(t *testing.T, err error) {
	if err != nil && (!strings.HasPrefix(err.Error(), notGelato+": ") || len(err.Error()) > 120) {
		t.Errorf("error %q", err)
	}
}

// mostErrorText is more than any error may have: gelato's words and ours.
const mostErrorText = 1000

type inMemory func(*http.Request) *http.Response

func (f inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	resp := f(req)
	resp.Request = req
	return resp, nil
}

// FuzzAnswers: whatever the server answers, a row is one that was asked for, and
// an error is one short line.
func FuzzAnswers(f *testing.F) {
	id := regexp.MustCompile(`[0-9a-f-]{20,}$`)
	for _, steps := range recordings(f) {
		for _, step := range steps {
			f.Add(id.FindString(step.Request.Path), step.Response.Status, step.wire(f))
		}
	}
	f.Fuzz(func(t *testing.T, id string, status int, body []byte) {
		if len(id) > 100 || status < 100 || status > 599 {
			return
		}
		c := clientOf(t, "http://server", Config{TenantID: "tenant-1", HTTP: &http.Client{Transport: inMemory(func(*http.Request) *http.Response {
			header := http.Header{"Location": {"http://else\x1bwhere/"}}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body))}
		})}})
		jobs, err := c.Jobs(t.Context(), id)
		checkLine(t, err)
		for _, j := range jobs {
			if id != "" && j.PlanName != id {
				t.Errorf("asked for the jobs of %q, got %+v", id, j)
			}
		}
		plans, err := c.Plans(t.Context())
		checkLine(t, err)
		for _, p := range plans {
			if p.ID == "" || p.TenantID != "tenant-1" {
				t.Errorf("got %+v", p)
			}
		}
		checkOne(t, id, func() (*Backend, error) { return c.Backend(t.Context(), id) })
	})
}

// checkOne takes the thing with the id, or an error.
func checkOne[T row](t *testing.T, id string, read func() (*T, error)) {
	t.Helper()
	v, err := read()
	checkLine(t, err)
	if v == nil && err == nil || v != nil && !strings.EqualFold((*v).identity(), id) {
		t.Errorf("asked for %q, got %v, %v", id, v, err)
	}
}

// checkLine takes no error, or one that can be shown.
func checkLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if text := err.Error(); len([]rune(text)) > mostErrorText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error %.*q", 2*mostErrorText, text)
	}
}

// FuzzPaths: whatever an id and a tenant are, a request stays below the tenant's
// path, and the server gets the same id.
func FuzzPaths(f *testing.F) {
	for _, id := range []string{"", ".", "..", "a/b", "../hosts", "%2e%2e", "a?b#c", "\x00", "\xff", `\..\`} {
		f.Add("tenant-1", id)
		f.Add(id, "id-1")
	}
	f.Fuzz(func(t *testing.T, tenant, id string) {
		if len(tenant)+len(id) > 100 {
			return
		}
		var asked []*url.URL
		c := clientOf(t, "http://server", Config{TenantID: tenant, HTTP: &http.Client{Transport: inMemory(func(req *http.Request) *http.Response {
			asked = append(asked, req.URL)
			return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody}
		})}})
		_, err := c.Backend(t.Context(), id)
		checkLine(t, err)
		root := c.baseURL.EscapedPath() + "/"
		want := url.PathEscape(tenant) + "/backends/" + url.PathEscape(id)
		for _, u := range asked {
			below, ok := strings.CutPrefix(u.EscapedPath(), root)
			if !ok || below != want || id == "" || strings.Trim(id, ".") == "" && len(id) < 3 || strings.Contains(below, "/../") {
				t.Errorf("%q of %q asked for %s", id, tenant, u)
			}
		}
	})
}
