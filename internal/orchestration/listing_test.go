package orchestration

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The answers of a scripted server, by a short name.
var scripted = map[string]struct {
	status int
	body   string
}{
	"[]":     {200, `[]`},
	"[a]":    {200, `[{"id": "a"}]`},
	"[a,b]":  {200, `[{"id": "a"}, {"id": "b"}]`},
	"[b,a]":  {200, `[{"id": "b"}, {"id": "a"}]`},
	"[b]":    {200, `[{"id": "b"}]`},
	"up":     {404, `{"response": {"faultstring": "Unable to identify resource with id \"000000000000000000000000\"."}}`},
	"down":   {500, `<p>down</p>`},
	"fault":  {500, `{"response": {"faultstring": "Internal Server Error"}}`},
	"none":   {404, `"error getting tasks"`},
	"page":   {404, `<p>no such page</p>`},
	"task":   {200, `{"id": "000000000000000000000000"}`},
	"denied": {403, `<p>denied</p>`},
	"moved":  {302, ``},
}

// script is a server that gives its answers in order. A word says what must be asked
// for (list, all, probe) and what comes back.
type script struct {
	t     *testing.T
	words []string
	asked int
	at    []time.Duration // when, since the first
	start time.Time
}

func newScript(t *testing.T, words string) *script {
	return &script{t: t, words: strings.Fields(words), start: time.Now()}
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.asked == len(s.words) {
		s.t.Fatalf("asked for too much: %s", r.URL)
	}
	what, name, _ := strings.Cut(s.words[s.asked], ":")
	s.asked++
	s.at = append(s.at, time.Since(s.start))
	got := "all"
	switch {
	case r.URL.Query().Get("service_def") == "s":
		got = "list"
	case path.Base(r.URL.Path) == noExecution:
		got = "probe"
	}
	if got != what {
		s.t.Errorf("request %d is for %s, want %s", s.asked, got, what)
	}
	if name == "cut" {
		return nil, errors.New("cut")
	}
	return response(r, scripted[name].status, scripted[name].body), nil
}

func (s *script) done() {
	s.t.Helper()
	if s.asked != len(s.words) {
		s.t.Errorf("asked %d times, want %d", s.asked, len(s.words))
	}
}

func ids(runs []Instance) string {
	list := make([]string, 0, len(runs))
	for _, in := range runs {
		list = append(list, in.ID)
	}
	return strings.Join(list, ",")
}

func TestListForEvidence(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		ids    string
		proven bool
		why    string // part of it
		fails  bool
	}{
		"twice alike":                     {script: "list:[a,b] probe:up list:[a,b]", ids: "a,b", proven: true},
		"twice empty":                     {script: "list:[] probe:up list:[]", proven: true},
		"cut the first time":              {script: "list:[a] probe:up list:[a,b]", ids: "a,b", why: "changed while it was read twice: 1 runs, then 2"},
		"cut the second time":             {script: "list:[a,b] probe:up list:[]", why: "2 runs, then 0"},
		"in another order":                {script: "list:[a,b] probe:up list:[b,a]", ids: "b,a", why: "2 runs, then 2"},
		"other runs":                      {script: "list:[a] probe:up list:[b]", ids: "b", why: "1 runs, then 1"},
		"StackStorm is down":              {script: "list:[] probe:down", why: "did not answer: GET /v1beta/tenant-1/orchestration/tasks/" + noExecution + ": 500"},
		"StackStorm fails":                {script: "list:[a] probe:fault", ids: "a", why: "Internal Server Error"},
		"the probe finds no words":        {script: "list:[a] probe:none", ids: "a", why: "error getting tasks"},
		"the probe finds a page":          {script: "list:[a] probe:page", ids: "a", why: "no such page"},
		"the probe finds what cannot be":  {script: "list:[a] probe:task", ids: "a", why: "does not exist"},
		"the probe is cut":                {script: "list:[a] probe:cut", ids: "a", why: "cut"},
		"the first list cannot be had":    {script: "list:denied", fails: true},
		"the second list cannot be had":   {script: "list:[a] probe:up list:denied", fails: true},
		"the second list leads somewhere": {script: "list:[a] probe:up list:moved", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newScript(t, tc.script)
				l, err := bubbleClient(t, Config{}, server.RoundTrip).ListForEvidence(t.Context(), "s")
				server.done()
				if (err != nil) != tc.fails || ids(l.Instances) != tc.ids || l.Proven != tc.proven || l.Cut {
					t.Errorf("got %+v, %v", l, err)
				}
				if !strings.Contains(l.Why, tc.why) || (l.Why == "") != (tc.proven || tc.fails) {
					t.Errorf("why: %q, want %q", l.Why, tc.why)
				}
			})
		})
	}
}

func TestListForEvidenceEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
		if path.Base(r.URL.Path) == noExecution {
			cancel()
			return nil, ctx.Err()
		}
		return response(r, http.StatusOK, "[]"), nil
	})
	if _, err := c.ListForEvidence(ctx, "s"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestListUntilProven(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		server := newScript(t, "list:[] probe:down  list:denied  list:moved  list:[a] probe:up list:[a,b]  list:[a] probe:up list:cut  list:[a,b] probe:up list:[a,b]")
		l, err := bubbleClient(t, Config{}, server.RoundTrip).ListUntilProven(t.Context(), "s")
		server.done()
		if err != nil || ids(l.Instances) != "a,b" || !l.Proven || l.Why != "" {
			t.Errorf("got %+v, %v", l, err)
		}
		if want := []time.Duration{0, 0, 500 * ms, 1500 * ms, 3500 * ms, 3500 * ms, 3500 * ms, 7500 * ms, 7500 * ms, 7500 * ms, 15500 * ms, 15500 * ms, 15500 * ms}; !slices.Equal(server.at, want) {
			t.Errorf("asked at %v", server.at)
		}
	})
}

func TestListUntilProvenEndsWithItsContext(t *testing.T) {
	for name, tc := range map[string]struct {
		every string // what comes back, again and again
		ids   string
		says  string
	}{
		"StackStorm is down": {"list:[a] probe:down ", "a",
			"context deadline exceeded; last: StackStorm behind the orchestrator did not answer: GET /v1beta/tenant-1/orchestration/tasks/" + noExecution + ": 500 Internal Server Error: down"},
		"there is no list": {"list:denied ", "", "context deadline exceeded; last: GET /v1beta/tenant-1/orchestration/instances: 403 Forbidden: denied"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				server := newScript(t, strings.Repeat(tc.every, 25)) // 0.5 s, 1 s ... 16 s, then every half a minute
				l, err := bubbleClient(t, Config{}, server.RoundTrip).ListUntilProven(ctx, "s")
				server.done()
				if ids(l.Instances) != tc.ids || l.Proven || !errors.Is(err, context.DeadlineExceeded) || err.Error() != tc.says {
					t.Errorf("got %+v, %v", l, err)
				}
				if time.Since(server.start) != 10*time.Minute {
					t.Errorf("ended after %s", time.Since(server.start))
				}
			})
		})
	}
	if _, err := bubbleClient(t, Config{}, newScript(t, "").RoundTrip).ListUntilProven(t.Context(), ""); !errors.Is(err, errNoService) {
		t.Errorf("got %v", err)
	}
}

// The doubt that stands at the end is one about the list, not that time was up.
func TestListUntilProvenKeepsItsDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		asked := 0
		c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			if asked++; asked == 1 {
				return response(r, 403, "<p>denied</p>"), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		if _, err := c.ListUntilProven(ctx, "s"); err == nil || !strings.HasSuffix(err.Error(), "context deadline exceeded; last: GET /v1beta/tenant-1/orchestration/instances: 403 Forbidden: denied") {
			t.Errorf("got %v", err)
		}
	})
}

func TestListReaches(t *testing.T) {
	for name, tc := range map[string]struct {
		script  string
		reaches bool
		err     string // part of it
	}{
		"the run is there":               {script: "list:[a,b]", reaches: true},
		"another has come since":         {script: "list:[b,a]", reaches: true},
		"it is there the second time":    {script: "list:[a] probe:up list:[a,b]", reaches: true},
		"it is missing":                  {script: "list:[a] probe:up list:[a]"},
		"it is missing in an empty list": {script: "list:[] probe:up list:[]"},
		"StackStorm is down":             {script: "list:[] probe:down", err: "did not answer"},
		"the list changes":               {script: "list:[a] probe:up list:[]", err: "changed"},
		"the first list cannot be had":   {script: "list:denied", err: "403"},
		"the second list cannot be had":  {script: "list:[a] probe:up list:denied", err: "403"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newScript(t, tc.script)
				reaches, err := bubbleClient(t, Config{}, server.RoundTrip).ListReaches(t.Context(), "s", "b")
				server.done()
				if reaches != tc.reaches || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, %v", reaches, err)
				}
			})
		})
	}
}

func TestListAllForEvidence(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		ids    string
		cut    bool
		fails  bool
	}{
		"complete":                      {script: "all:[a,b]", ids: "a,b"},
		"empty":                         {script: "all:[]"},
		"a run cannot be read":          {script: "all:down all:down probe:up all:down all:down", cut: true},
		"StackStorm is down":            {script: "all:down all:down probe:down", fails: true},
		"StackStorm is back":            {script: "all:down all:down probe:up all:[a]", ids: "a"},
		"StackStorm comes and goes":     {script: "all:down all:down probe:up all:down all:[a]", ids: "a"},
		"the second list cannot be had": {script: "all:down all:down probe:up all:denied", fails: true},
		"not allowed":                   {script: "all:denied", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newScript(t, tc.script)
				l, err := bubbleClient(t, Config{}, server.RoundTrip).ListAllForEvidence(t.Context())
				server.done()
				if ids(l.Instances) != tc.ids || l.Cut != tc.cut || (err != nil) != tc.fails {
					t.Errorf("got %+v, %v", l, err)
				}
				if l.Proven == (tc.cut || tc.fails) || (l.Why != "") != tc.cut {
					t.Errorf("got %+v", l)
				}
			})
		})
	}
}

func TestNewSince(t *testing.T) {
	of := func(list string) (l Listing) {
		for _, id := range strings.Fields(list) {
			l.Instances = append(l.Instances, Instance{ID: id})
		}
		return l
	}
	for _, tc := range []struct{ before, after, want string }{
		{"", "", ""},
		{"", "a b", "a,b"},
		{"a b", "a b", ""},
		{"a b", "a b d c", "d,c"},
		{"a b", "b c", "c"}, // a was deleted meanwhile
		{"a b", "", ""},
	} {
		if got := ids(of(tc.after).NewSince(of(tc.before))); got != tc.want {
			t.Errorf("%q, then %q: new are %s, want %s", tc.before, tc.after, got, tc.want)
		}
	}
}
