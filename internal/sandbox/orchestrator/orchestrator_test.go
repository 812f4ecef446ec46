package orchestrator

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What the service's code says and no recording shows.

func registration(workflow, wfeType string, more record) string {
	body := record{
		"name": "s", "description": "d", "user_id": "u", "group": "g",
		"workflows": []any{record{"definition_source": workflow, "wfe_type": wfeType}},
	}
	for k, v := range more {
		body[k] = v
	}
	return asText(body)
}

// TestFailedRegistrationSpoilsTheWorkflow: the copy of the workflow is stored
// before the registration fails. The next registration then fails because of
// that copy.
func TestFailedRegistrationSpoilsTheWorkflow(t *testing.T) {
	s := newTestServer(t, false)
	for _, c := range []struct {
		body string
		want int
	}{
		{registration("opensds.data-analysis", "st2", record{"id": s.Services()[0].ID}), 500},
		{registration("opensds.data-analysis", "st2", nil), 500},
		{registration("opensds.data-analysis", "st2-b", record{"workflows": []any{
			record{"definition_source": "opensds.data-analysis", "wfe_type": "st2-b"}, record{},
		}}), 400},
		{registration("opensds.data-analysis", "st2-b", nil), 500},
		{registration("opensds.data-analysis", "st2-c", nil), 200},
	} {
		if a := s.send(http.MethodPost, servicesPath, c.body); a.Code != c.want {
			t.Errorf("POST %s: %d %s, want %d", c.body, a.Code, a.Body, c.want)
		}
	}
	if n := len(s.Services()); n != 2 {
		t.Errorf("%d services, want 2", n)
	}
}

// TestUnstorableOrdersAreOrphans: a value that no text column can hold is found
// only after the execution was started.
func TestUnstorableOrdersAreOrphans(t *testing.T) {
	s := newTestServer(t, false)
	for _, name := range []any{[]string{"a"}, record{"a": 1}} {
		order := strings.Replace(asText(s.volumeRequest("run")), `"name":"run"`, `"name":`+asText(name), 1)
		if a := s.send(http.MethodPost, instancesPath, order); a.Code != 500 {
			t.Errorf("name %v: %d", name, a.Code)
		}
	}
	if len(s.stackstorm.Executions()) != 2 || len(s.Instances()) != 0 {
		t.Errorf("%d executions and %d instances, want 2 and none", len(s.stackstorm.Executions()), len(s.Instances()))
	}
}

// TestTextColumns: the answer to a POST has the values as they were sent. Reads
// have them as text.
func TestTextColumns(t *testing.T) {
	s := newTestServer(t, false)
	order := strings.Replace(asText(s.volumeRequest("run")), `"name":"run"`, `"name":5`, 1)
	order = strings.Replace(order, `"description":""`, `"description":false`, 1)
	posted := s.send(http.MethodPost, instancesPath, order).Body.String()
	read := s.send(http.MethodGet, instancesPath, nil).Body.String()
	if !strings.Contains(posted, `"name":5,`) || !strings.Contains(posted, `"description":false`) {
		t.Errorf("posted: %s", posted)
	}
	if !strings.Contains(read, `"name":"5"`) || !strings.Contains(read, `"description":"0"`) {
		t.Errorf("read: %s", read)
	}
}

// TestFalsyRequired: Python takes more values for false than the empty string.
func TestFalsyRequired(t *testing.T) {
	s := newTestServer(t, false)
	for _, v := range []any{0, 0.0, false, []any{}, record{}, nil, ""} {
		body := registration("opensds.data-analysis", "st2", record{"group": v})
		if a := s.send(http.MethodPost, servicesPath, body); a.Code != 400 {
			t.Errorf("group %v: %d, want 400", v, a.Code)
		}
	}
}

func TestAnswersAreASCII(t *testing.T) {
	got, err := encodeJSON(record{"b": "ü <&> 😀", "a": 1})
	if want := `{"a":1,"b":"\u00fc <&> \ud83d\ude00"}` + "\n"; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}

// spy keeps the bodies of what the orchestrator posts.
type spy struct {
	http.RoundTripper
	posted []string
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.posted = append(s.posted, string(text))
	r.Body = io.NopCloser(bytes.NewReader(text))
	return s.RoundTripper.RoundTrip(r)
}

// TestWhatTravelsToStackStorm: everything but the orchestrator's own keys, with
// the parameters in the order of the request.
func TestWhatTravelsToStackStorm(t *testing.T) {
	s := newTestServer(t, false)
	seen := &spy{RoundTripper: s.st2.transport}
	s.st2.transport = seen
	a := s.send(http.MethodPost, instancesPath, `{"name": "n", "description": "", "user_id": "u", "foo": [1],
		"service_id": "`+s.service+`", "action": "opensds.provision-volume",
		"parameters": {"size": 1.0, "port": "2", "name": "v", "host_id": "x"}}`)
	want := `{"action":"opensds.provision-volume","foo":[1],"parameters":` +
		`{"size":1.0,"port":"1","name":"v","host_id":"x","ip_addr":"h","tenant_id":"t","auth_token":"token"}}`
	if got := seen.posted[len(seen.posted)-1]; a.Code != http.StatusOK || got != want {
		t.Errorf("%d %s; posted\n%s, want\n%s", a.Code, a.Body, got, want)
	}
}
