package stackstorm

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
)

// mostErrorText is more than any error may have: StackStorm's words and ours.
const mostErrorText = 1000

// aKey is a credential that no answer may bring into an error or an outcome.
const aKey = "key-4f9c2b7a1d"

// FuzzAnswers: whatever StackStorm answers, an execution is the one asked for, an
// error is one short line, and neither holds the API key.
func FuzzAnswers(f *testing.F) {
	inPath := regexp.MustCompile(`[0-9a-f]{24}`)
	seen := map[string]bool{}
	for _, name := range names(f, "") {
		for _, s := range load(f, name).Steps {
			if wire := string(s.wire()); s.Server == "" && !seen[wire] && len(wire) < 20_000 {
				seen[wire] = true
				f.Add(inPath.FindString(s.Request.Path), s.Response.Status, []byte(wire))
			}
		}
	}
	f.Add("0123456789abcdef01234567", 403, []byte(`{"faultstring": "`+aKey+` has no permission\u001b[2J\u202e"}`))
	f.Fuzz(func(t *testing.T, id string, status int, body []byte) {
		if len(id) > 100 || status < 100 || status > 599 {
			return
		}
		c := inMemory(Config{APIKey: aKey}, func(*http.Request) (*http.Response, error) {
			return response(status, string(body), "Location", "http://else\x1bwhere/"+aKey), nil
		})
		readExecutions(t, c, id)
		readActions(t, c)
	})
}

func readExecutions(t *testing.T, c *Client, id string) {
	ctx := t.Context()
	one, err := c.Execution(ctx, id)
	checkFuzzed(t, one != nil, err)
	if err == nil && one.ID != id {
		t.Errorf("asked for %q, got %q", id, one.ID)
	}
	several, err := c.Executions(ctx, []string{id})
	checkFuzzed(t, several != nil, err)
	for key, e := range several {
		if key != id || e.ID != id {
			t.Errorf("asked for %q, got %q: %+v", id, key, e)
		}
	}
	marked, err := c.FindByRun(ctx, id, "", time.Time{})
	checkFuzzed(t, marked != nil, err)
	if err == nil && marked.SodaRun != id {
		t.Errorf("looked for %q, found %+v", id, marked)
	}
	found, err := c.FindByRequest(ctx, id)
	checkFuzzed(t, true, err)
	for _, e := range found {
		if e.SodaRequest != id || e.ID == "" {
			t.Errorf("looked for %q, found %+v", id, e)
		}
	}
	o, err := c.Outcome(ctx, id, nil)
	checkFuzzed(t, o != nil, err)
	if o != nil && o.Failure != nil {
		checkLine(t, o.Failure.Text)
	}
	checkFuzzed(t, true, c.Cancel(ctx, id))
}

func readActions(t *testing.T, c *Client) {
	a, err := c.GetAction(t.Context(), "lab.echo")
	checkFuzzed(t, a != nil, err)
	a, err = c.CreateAction(t.Context(), Action{Pack: "lab", Name: "echo"}, nil)
	checkFuzzed(t, a != nil, err)
	_, err = c.File(t.Context(), "lab", "lib/helper.py")
	checkFuzzed(t, true, err)
}

// checkFuzzed takes a value or an error that can be shown.
func checkFuzzed(t *testing.T, isThere bool, err error) {
	t.Helper()
	if err != nil {
		checkLine(t, err.Error())
	} else if !isThere {
		t.Error("neither a value nor an error")
	}
}

func checkLine(t *testing.T, text string) {
	t.Helper()
	if len([]rune(text)) > mostErrorText || strings.Contains(text, aKey) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("text %.*q", 2*mostErrorText, text)
	}
}

// FuzzPaths: whatever a reference, a pack or a file is called, its request stays
// below what it belongs to, and StackStorm gets the same name.
func FuzzPaths(f *testing.F) {
	for _, name := range []string{"", ".", "..", "a/b", "../actions", "lib/../../x", "%2e%2e/x", "a?b#c", "é\x00", "\xff", `\..\`, "a//b", "/etc/passwd"} {
		f.Add("opensds."+name, name, name)
		f.Add(name, "opensds", name)
	}
	f.Fuzz(func(t *testing.T, ref, pack, file string) {
		var asked []*url.URL
		c := inMemory(Config{APIKey: aKey}, func(req *http.Request) (*http.Response, error) {
			asked = append(asked, req.URL)
			return response(403, `{"faultstring": "no"}`), nil
		})
		if err := c.DeleteAction(t.Context(), ref, false); err == nil {
			t.Error("a 403 passed for a deletion")
		}
		checkPaths(t, asked, "/api/v1/actions", ref)
		asked = nil
		if _, err := c.File(t.Context(), pack, file); err == nil {
			t.Error("a 403 passed for a file")
		}
		checkPaths(t, asked, "/api/v1/packs/views/file", append([]string{pack, "actions"}, strings.Split(file, "/")...)...)
	})
}

// checkPaths takes requests for the names, each an element of the path.
func checkPaths(t *testing.T, asked []*url.URL, root string, names ...string) {
	t.Helper()
	for _, u := range asked {
		below, ok := strings.CutPrefix(u.EscapedPath(), root+"/")
		elements := strings.Split(below, "/")
		if !ok || len(elements) != len(names) || u.RawQuery != "" || u.Host != "st2" {
			t.Fatalf("%q asked for %s", names, u)
		}
		for i, e := range elements {
			if got, err := url.PathUnescape(e); err != nil || got != names[i] || got == "" || got == "." || got == ".." {
				t.Errorf("%q asked for %s", names, u)
			}
		}
	}
}

// FuzzURLs: an address is refused, or becomes two roots below it without a
// password and a query.
func FuzzURLs(f *testing.F) {
	for _, seed := range []string{"https://st2.example", "http://h:8080/x/", "https://user:hush@h", "https://h?x=1", "https://h/#x", "http://[::1]/", "http://h/%2e%2e/", "https://h/../..", "HTTP://H/%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, base string) {
		api, auth, err := URLs(base)
		if err != nil {
			if strings.Contains(base, "@") && strings.Contains(err.Error(), base) {
				t.Errorf("%q: the error repeats what may be a password: %v", base, err)
			}
			return
		}
		for name, u := range map[string]*url.URL{"/api": api, "/auth": auth} {
			if _, err := url.Parse(u.String()); err != nil {
				t.Errorf("%q became %q: %v", base, u, err)
			}
			if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.String(), name) {
				t.Errorf("%q became %#v", base, u)
			}
		}
	})
}
