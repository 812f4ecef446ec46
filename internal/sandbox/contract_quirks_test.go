package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// withoutQuirk is a transport that hides a quirk. It returns what to answer
// instead, or nil. The body is nil if the answer was a page.
type withoutQuirk func(req *http.Request, status int, body any) (int, any)

func (m withoutQuirk) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var body any
	if resp.Header.Get("Content-Type") == "application/json" {
		if body, err = decodeJSON(raw); err != nil {
			return nil, err
		}
	}
	if status, instead := m(req, resp.StatusCode, body); instead != nil {
		resp.StatusCode = status
		resp.Header.Set("Content-Type", "application/json")
		raw = []byte(asText(instead) + "\n")
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	return resp, nil
}

// mustDiffer replays a case with a quirk hidden. The comparison must find a
// difference at the named place.
func mustDiffer(t *testing.T, name, where string, m withoutQuirk) {
	t.Helper()
	for _, c := range recordedCases(t) {
		if c.Name != name {
			continue
		}
		differences := replayCase(t, c, m)
		if !strings.Contains(strings.Join(differences, "\n"), where) {
			t.Errorf("without the quirk the replay of %s says %q and nothing of %q", name, differences, where)
		}
		return
	}
	t.Fatalf("no case %s", name)
}

// The five tests below prove that TestContract would fail if the quirk were
// gone.

func TestContractNoticesQuirk1SecondServiceFails(t *testing.T) {
	mustDiffer(t, "services-add-second-on-same-workflow", "status 200, recorded 500",
		func(_ *http.Request, status int, _ any) (int, any) {
			if status == http.StatusInternalServerError {
				return http.StatusOK, jsonObject{"id": "an id", "name": "svc-2"}
			}
			return status, nil
		})
}

func TestContractNoticesQuirk8ServiceListedTwice(t *testing.T) {
	mustDiffer(t, "services-add-two-workflows", "1 elements, recorded 2",
		func(_ *http.Request, status int, body any) (int, any) {
			if list, ok := body.([]any); ok && len(list) == 2 {
				return status, list[:1]
			}
			return status, nil
		})
}

func TestContractNoticesQuirk20CastsAndMasks(t *testing.T) {
	mustDiffer(t, "instances-create-casts", `a_secret: "hush", recorded "********"`,
		func(_ *http.Request, status int, body any) (int, any) {
			instance, _ := body.(jsonObject)
			if input, ok := instance["input"].(jsonObject); ok && input["a_secret"] != nil {
				input["a_secret"] = "hush"
			}
			return status, body
		})
}

func TestContractNoticesQuirk28ListCutShort(t *testing.T) {
	mustDiffer(t, "instances-list-poisoned", "2 elements, recorded 1",
		func(req *http.Request, status int, body any) (int, any) {
			if list, ok := body.([]any); ok && req.URL.Query().Has("service_def") {
				return status, append(list, list[0])
			}
			return status, nil
		})
}

func TestContractNoticesQuirk32TimestampsOfTheProcess(t *testing.T) {
	now := time.Now()
	mustDiffer(t, "instances-timestamps", "created_at",
		func(_ *http.Request, status int, body any) (int, any) {
			if instance, ok := body.(jsonObject); ok && instance["created_at"] != nil {
				now = now.Add(time.Minute)
				instance["created_at"] = now.UTC().Format(http.TimeFormat)
			}
			return status, body
		})
}

// TestContractComparesWhatItSays: the comparison finds every kind of
// difference.
func TestContractComparesWhatItSays(t *testing.T) {
	const uuid1, uuid2 = "11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555"
	for name, c := range map[string]struct {
		want, got string
		same      bool
	}{
		"equal":                  {`{"a": [1, "x", null, true]}`, `{"a": [1, "x", null, true]}`, true},
		"another value":          {`{"a": "x"}`, `{"a": "y"}`, false},
		"another type":           {`{"a": "1"}`, `{"a": 1}`, false},
		"an integer for a float": {`{"a": 2.0}`, `{"a": 2}`, false},
		"a key too many":         {`{}`, `{"a": 1}`, false},
		"a key too few":          {`{"a": 1}`, `{}`, false},
		"another length":         {`[1]`, `[1, 1]`, false},
		"one id for another":     {`["` + uuid1 + `", "` + uuid1 + `"]`, `["` + uuid2 + `", "` + uuid2 + `"]`, true},
		"two ids for one":        {`["` + uuid1 + `", "` + uuid1 + `"]`, `["` + uuid1 + `", "` + uuid2 + `"]`, false},
		"one id for two":         {`["` + uuid1 + `", "` + uuid2 + `"]`, `["` + uuid1 + `", "` + uuid1 + `"]`, false},
		"a text for an id":       {`["` + uuid1 + `"]`, `["some id"]`, false},
		"another date":           {`"Sun, 22 Nov 2026 18:46:19 GMT"`, `"Mon, 23 Nov 2026 00:00:00 GMT"`, true},
		"another form of date":   {`"Sun, 22 Nov 2026 18:46:19 GMT"`, `"2026-11-22T18:46:42.221041Z"`, false},

		"a hole in a text":          {`"a [... 12 characters of it left out ...] z"`, `"a b c z"`, true},
		"another text round a hole": {`"a [... 12 characters of it left out ...] z"`, `"b b c z"`, false},
		"an id within a text":       {`["see ` + uuid1 + `", "` + uuid1 + `"]`, `["see ` + uuid2 + `", "` + uuid2 + `"]`, true},
		"another id within a text":  {`["` + uuid1 + `", "see ` + uuid1 + `"]`, `["` + uuid2 + `", "see ` + uuid1 + `"]`, false},
		"an engine's log, longer":   {`"Workflow execution \"1\" is created.\n"`, `"Workflow execution \"1\" is created.\nWorkflow action execution is completed\n"`, true},
		"another engine's log":      {`"Workflow execution \"1\" is created.\n"`, `"Workflow execution \"1\" is created.\nfailed\n"`, false},
		"one time for two":          {`["2026-11-22T18:46:42.221041Z", "2026-11-22T18:46:42.221040Z"]`, `["2026-11-22T18:46:42.000000Z", "2026-11-22T18:46:42.000000Z"]`, false},
	} {
		var want, got any
		for text, v := range map[string]*any{c.want: &want, c.got: &got} {
			var err error
			if *v, err = decodeJSON([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if c.want == c.got {
			got = want
		}
		if same := len(newMatcher().compare("body", want, got)) == 0; same != c.same {
			t.Errorf("%s: same is %v", name, same)
		}
	}
}
