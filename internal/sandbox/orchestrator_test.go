package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What follows from the service's code and no recording shows.

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

// TestFailedRegistrationSpoilsTheWorkflow: its copy of the workflow was stored
// before it failed, and is then in the way of the next registration.
func TestFailedRegistrationSpoilsTheWorkflow(t *testing.T) {
	s := started(t, Config{})
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
		if got, body := request(t.Context(), http.MethodPost, s.api("/services"), c.body); got != c.want {
			t.Errorf("POST %s: %d %s, want %d", c.body, got, body, c.want)
		}
	}
	if n := len(s.Services()); n != 3 {
		t.Errorf("%d services, want 3", n)
	}
}

// TestUnstorableOrdersAreOrphans: what no text column takes is found out after
// the execution was started.
func TestUnstorableOrdersAreOrphans(t *testing.T) {
	s := started(t, Config{})
	for _, name := range []any{[]string{"a"}, record{"a": 1}} {
		order := strings.Replace(s.order(), `"name":"run"`, `"name":`+asText(name), 1)
		if got, _ := request(t.Context(), http.MethodPost, s.api("/instances"), order); got != 500 {
			t.Errorf("name %v: %d", name, got)
		}
	}
	if len(s.Executions()) != 2 || len(s.Instances()) != 0 {
		t.Errorf("%d executions and %d instances, want 2 and none", len(s.Executions()), len(s.Instances()))
	}
}

// TestTextColumns: the answer to a POST has the values as they were sent, reads
// have them as text.
func TestTextColumns(t *testing.T) {
	s := started(t, Config{})
	order := strings.Replace(s.order(), `"name":"run"`, `"name":5`, 1)
	order = strings.Replace(order, `"description":""`, `"description":false`, 1)
	_, posted := request(t.Context(), http.MethodPost, s.api("/instances"), order)
	_, read := get(t, s.api("/instances"))
	if !strings.Contains(posted, `"name":5,`) || !strings.Contains(posted, `"description":false`) {
		t.Errorf("posted: %s", posted)
	}
	if !strings.Contains(read, `"name":"5"`) || !strings.Contains(read, `"description":"0"`) {
		t.Errorf("read: %s", read)
	}
}

// TestFalsyRequired: Python takes more than an empty text for nothing.
func TestFalsyRequired(t *testing.T) {
	s := started(t, Config{})
	for _, v := range []any{0, 0.0, false, []any{}, record{}, nil, ""} {
		body := registration("opensds.data-analysis", "st2", record{"group": v})
		if got, _ := request(t.Context(), http.MethodPost, s.api("/services"), body); got != 400 {
			t.Errorf("group %v: %d, want 400", v, got)
		}
	}
}

func TestAnswersAreASCII(t *testing.T) {
	got, err := encodeJSON(record{"b": "ü <&> 😀", "a": 1})
	if want := `{"a":1,"b":"\u00fc <&> \ud83d\ude00"}` + "\n"; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}

func TestInProcess(t *testing.T) {
	p := inProcess{{"192.0.2.1", "80"}: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, r.URL.Path, r.ContentLength)
	})}
	client := &http.Client{Transport: p}
	resp, err := client.Get("http://192.0.2.1:80/path")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("status %d", resp.StatusCode)
	}
	if resp, err := client.Get("http://192.0.2.2:80/"); err == nil {
		resp.Body.Close()
		t.Error("an address nobody listens at answers")
	} else if !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

// TestFaultAfterTheWorkMayStillAnswer: late, or not before the gate opens.
func TestFaultAfterTheWorkMayStillAnswer(t *testing.T) {
	s := started(t, Config{})
	gate := make(chan struct{})
	s.Fault(Fault{Method: http.MethodPost, After: true, Gate: gate})
	ended := make(chan string)
	go func() {
		code, body := request(t.Context(), http.MethodPost, s.api("/instances"), s.order())
		ended <- fmt.Sprint(code, " ", body)
	}()
	for len(s.Instances()) == 0 {
		get(t, s.ManageURL()+"/instances")
	}
	select {
	case answer := <-ended:
		t.Fatalf("answered before the gate opened: %s", answer)
	default:
	}
	close(gate)
	if answer := <-ended; !strings.HasPrefix(answer, "200 ") || !strings.Contains(answer, s.Instances()[0].ID) {
		t.Errorf("the answer: %s", answer)
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

// TestWhatTravelsToStackStorm: all but the orchestrator's own keys, with the
// parameters in the order of the request.
func TestWhatTravelsToStackStorm(t *testing.T) {
	s := started(t, Config{hotpot: hostPort{"h", "1"}})
	seen := &spy{RoundTripper: s.orchestrator.st2.transport}
	s.orchestrator.st2.transport = seen
	code, body := request(t.Context(), http.MethodPost, s.api("/instances"), `{"name": "n", "description": "", "user_id": "u", "foo": [1],
		"service_id": "`+s.Services()[0].ID+`", "action": "opensds.provision-volume",
		"parameters": {"size": 1.0, "port": "2", "name": "v", "host_id": "x"}}`)
	want := `{"action":"opensds.provision-volume","foo":[1],"parameters":` +
		`{"size":1.0,"port":"1","name":"v","host_id":"x","ip_addr":"h","tenant_id":"` + Tenant + `","auth_token":"token"}}`
	if got := seen.posted[len(seen.posted)-1]; code != http.StatusOK || got != want {
		t.Errorf("%d %s; posted\n%s, want\n%s", code, body, got, want)
	}
}
