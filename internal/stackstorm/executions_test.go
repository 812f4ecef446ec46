package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// answering gives a client of a server that answers as told.
func answering(t testing.TB, answer func(*http.Request) (int, string)) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		status, body := answer(req)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{APIURL: u.JoinPath("api"), AuthURL: u.JoinPath("auth"), APIKey: "the-key-of-the-test"})
}

// Every execution of every recording is read as it is, by itself, with others,
// and by its mark.
func TestEveryRecordedExecution(t *testing.T) {
	for _, name := range names(t, "") {
		c, r := connect(t, name)
		var ids []string
		for id := range r.known {
			ids = append(ids, id)
		}
		if len(ids) == 0 {
			continue
		}
		several, err := c.Executions(t.Context(), ids)
		if err != nil || len(several) != len(ids) {
			t.Fatalf("%s: %d of %d, %v", name, len(several), len(ids), err)
		}
		for id, fields := range r.known {
			single, err := c.Execution(t.Context(), id)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			compare(t, name, *single, fields)
			without := *single
			without.Action = ""
			if several[id] != without {
				t.Errorf("%s: %+v with others, %+v alone", name, several[id], without)
			}
			if single.SodaRun == "" {
				continue
			}
			found, err := c.FindByRun(t.Context(), single.SodaRun, single.Action, time.Time{})
			if err != nil || *found != *single {
				t.Errorf("%s: %+v by its mark, not %+v; %v", name, found, *single, err)
			}
		}
	}
}

// compare looks at what was recorded in another way than the client does.
func compare(t *testing.T, name string, got Execution, fields map[string]json.RawMessage) {
	t.Helper()
	var want struct {
		ID, Status, Start, End, Run string
		Action                      struct{ Ref string }
	}
	json.Unmarshal(fields["id"], &want.ID)
	json.Unmarshal(fields["status"], &want.Status)
	json.Unmarshal(fields["start_timestamp"], &want.Start)
	json.Unmarshal(fields["end_timestamp"], &want.End)
	json.Unmarshal(fields["action"], &want.Action)
	var marks map[string]any
	json.Unmarshal(fields["context"], &marks)
	want.Run, _ = marks["soda_run"].(string)
	if got.ID != want.ID || string(got.Status) != want.Status || got.Action != want.Action.Ref || got.SodaRun != want.Run ||
		stamp(got.Start) != want.Start || stamp(got.End) != want.End {
		t.Errorf("%s: %+v of %+v", name, got, want)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}

func TestFindByRun(t *testing.T) {
	const ref = "opensds.lab-fail-python"
	for _, name := range []string{"failed-python", "v3.2.0-failed-python"} {
		c, r := connect(t, name)
		run, err := c.Execution(t.Context(), r.rec.root(t))
		if err != nil || run.SodaRun == "" {
			t.Fatalf("%s: %+v, %v", name, run, err)
		}
		since := run.Start.Add(-time.Minute).Truncate(time.Second).In(time.FixedZone("", 3600))
		found, err := c.FindByRun(t.Context(), run.SodaRun, ref, since)
		if err != nil || *found != *run {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
		want := "GET /api/v1/executions?action=opensds.lab-fail-python&filter=context.soda_run%3A" + run.SodaRun +
			"&include_attributes=id%2Cstatus%2Cstart_timestamp%2Cend_timestamp%2Ccontext%2Caction.ref&limit=2&parent=null" +
			"&timestamp_gt=" + url.QueryEscape(since.UTC().Format("2006-01-02T15:04:05")+".000000Z")
		if got := r.asked[len(r.asked)-1]; got != want {
			t.Errorf("asked %s\nnot   %s", got, want)
		}
		if _, err := c.FindByRun(t.Context(), run.SodaRun, ref, run.Start); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: begun before: %v", name, err)
		}
		if _, err := c.FindByRun(t.Context(), "another", "", time.Time{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: another run: %v", name, err)
		}
	}
}

// A filter that StackStorm does not know brings everything (S6).
func TestOnlyWhatIsOursIsBelieved(t *testing.T) {
	const others = `[
		{"id": "6b0000000000000000000001", "status": "failed", "context": {"soda_run": "x", "soda_request": "y"}},
		{"id": "6b0000000000000000000002", "status": "failed", "context": {"soda_run": 7, "soda_request": ["z"]}},
		{"id": "6b0000000000000000000003", "status": "failed", "context": "nothing of the kind"},
		{"id": "6b0000000000000000000004", "status": "failed"}]`
	c := answering(t, func(*http.Request) (int, string) {
		return 200, strings.Replace(others, `"nothing of the kind"`, `{}`, 1)
	})
	if _, err := c.FindByRun(t.Context(), "7", "", time.Time{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("by run: %v", err)
	}
	if found, err := c.FindByRequest(t.Context(), "z"); err != nil || len(found) != 0 {
		t.Errorf("by request: %+v, %v", found, err)
	}
	if found, err := c.Executions(t.Context(), []string{"6b0000000000000000000009"}); err != nil || len(found) != 0 {
		t.Errorf("by id: %+v, %v", found, err)
	}
	c = answering(t, func(*http.Request) (int, string) {
		return 200, `{"id": "6b0000000000000000000001", "status": "succeeded"}`
	})
	if e, err := c.Execution(t.Context(), "6b0000000000000000000002"); err == nil {
		t.Errorf("another one: %+v", e)
	}
}

func TestTwoExecutionsOfOneRun(t *testing.T) {
	c := answering(t, func(*http.Request) (int, string) {
		return 200, `[{"id": "6b0000000000000000000001", "context": {"soda_run": "x"}}, {"id": "6b0000000000000000000002", "context": {"soda_run": "x"}}]`
	})
	if e, err := c.FindByRun(t.Context(), "x", "", time.Time{}); err == nil || !strings.Contains(err.Error(), "6b0000000000000000000001 and 6b0000000000000000000002") {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestFindByRequestReadsEveryPage(t *testing.T) {
	for count, pages := range map[int]int{0: 1, 99: 1, 100: 2, 250: 3, 5000: maxPages} {
		var asked []string
		c := answering(t, func(req *http.Request) (int, string) {
			asked = append(asked, req.URL.Query().Get("offset"))
			var from int
			fmt.Sscan(asked[len(asked)-1], &from)
			from = max(from-1, 0) // one has started meanwhile
			var found []string
			for i := from; i < min(from+pageSize, count); i++ {
				found = append(found, fmt.Sprintf(`{"id": "%024x", "context": {"soda_request": "r"}}`, i))
			}
			return 200, "[" + strings.Join(found, ",") + "]"
		})
		found, err := c.FindByRequest(t.Context(), "r")
		want := min(count, maxPages*pageSize-1)
		if err != nil || len(found) != want || len(asked) != pages {
			t.Errorf("%d of %d, asked %q, %v", len(found), count, asked, err)
		}
		for i, e := range found {
			if e.ID != fmt.Sprintf("%024x", i) {
				t.Fatalf("%d: place %d has %s", count, i, e.ID)
			}
		}
	}
}

func TestMarksThatCannotBeLookedFor(t *testing.T) {
	c := answering(t, func(req *http.Request) (int, string) {
		t.Errorf("asked %s", req.URL)
		return 200, "[]"
	})
	for _, mark := range []string{"", "two words", "a\nb"} {
		if _, err := c.FindByRun(t.Context(), mark, "", time.Time{}); err == nil {
			t.Errorf("%q was looked for", mark)
		}
		if _, err := c.FindByRequest(t.Context(), mark); err == nil {
			t.Errorf("%q was looked for", mark)
		}
	}
	for _, id := range []string{"", "last", "6b0000000000000000000001,6b0000000000000000000002", "../actions"} {
		_, one := c.Execution(t.Context(), id)
		_, several := c.Executions(t.Context(), []string{id})
		if one == nil || several == nil || c.Cancel(t.Context(), id) == nil {
			t.Errorf("%q was taken for an id", id)
		}
	}
}

func TestExecutionsInShortURLs(t *testing.T) {
	var ids []string
	for i := range 250 {
		ids = append(ids, fmt.Sprintf("%024x", i))
	}
	var asked []int
	c := answering(t, func(req *http.Request) (int, string) {
		if len(req.URL.RequestURI()) > 4000 {
			t.Errorf("a URL of %d characters", len(req.URL.RequestURI()))
		}
		chunk := strings.Split(req.URL.Query().Get("id"), ",")
		if limit := req.URL.Query().Get("limit"); limit != fmt.Sprint(len(chunk)) {
			t.Errorf("limit %s of %d", limit, len(chunk))
		}
		asked = append(asked, len(chunk))
		var found []string
		for _, id := range chunk {
			if !strings.HasSuffix(id, "7") { // those are gone
				found = append(found, `{"id": "`+id+`", "status": "running"}`)
			}
		}
		return 200, "[" + strings.Join(found, ",") + "]"
	})
	found, err := c.Executions(t.Context(), ids)
	if err != nil || len(found) != 250-16 || !slices.Equal(asked, []int{100, 100, 50}) {
		t.Errorf("%d, asked %v, %v", len(found), asked, err)
	}
	if found, err := c.Executions(t.Context(), nil); err != nil || len(found) != 0 || len(asked) != 3 {
		t.Errorf("none: %v, %v", found, err)
	}
}

func TestStatus(t *testing.T) {
	for status, want := range map[Status]string{
		"requested": "Running", "scheduled": "Running", "running": "Running", "delayed": "Running", "pending": "Running",
		"canceling": "Running", "pausing": "Running", "paused": "Running", "resuming": "Running", "never heard of": "Running", "": "Running",
		"succeeded": "Success", "failed": "Failed", "timeout": "Failed", "canceled": "Failed", "abandoned": "Failed",
	} {
		if status.Orchestrator() != want || status.Final() != (want != "Running") || status.Failed() != (want == "Failed") {
			t.Errorf("%s: %s, final %v, failed %v", status, status.Orchestrator(), status.Final(), status.Failed())
		}
	}
}

// The DELETE's answer says nothing: 200 for one that runs, one that is being
// canceled, and one that has ended (S28).
func TestCancel(t *testing.T) {
	for _, name := range []string{"cancel", "v3.2.0-cancel"} {
		rec := load(t, name)
		_, u := newReplay(t, rec)
		c := New(Config{APIURL: u.JoinPath("api"), AuthURL: u.JoinPath("auth"), Username: "u", Password: "p"})
		c.login.token, c.login.renewAt = "stackstorm-token-1", time.Now().Add(time.Hour)
		for range 3 {
			if err := c.Cancel(t.Context(), rec.root(t)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := c.Cancel(t.Context(), "6b0000000000000000000000"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: unknown: %v", name, err)
		}
	}
}

func TestOneThatIsGone(t *testing.T) {
	c, _ := connect(t, "cancel")
	if _, err := c.Execution(t.Context(), "6b0000000000000000000009"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	// Something else's 404 is not "gone".
	c = answering(t, func(*http.Request) (int, string) { return 404, "<html>404</html>" })
	if _, err := c.Execution(t.Context(), "6b0000000000000000000009"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}
