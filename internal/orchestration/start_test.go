package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A start, and the recorded form of its answer.
var fullRequest = InstanceRequest{Name: "n", Description: "d", UserID: "u", ServiceID: "s", Action: "a", Parameters: json.RawMessage(`{"size": "1"}`)}

const startedRun = `{"id": "x", "name": "n", "description": "d", "user_id": "u", "service_id": "s", "service_definition_id": "s",
	"tenant_id": "tenant-1", "status": "Running", "input": {"size": 1}}`

// recordedFailures are the recorded answers to starts that were not 200, and whether
// the run may have started. Every such recording must be here.
var recordedFailures = []struct {
	file      string
	steps     []int
	ambiguous bool
	why       string
}{
	{"instances-create-bad-action-or-parameters.json", []int{1, 2, 4, 5, 6, 7}, false, "the orchestrator's own words, before it asks StackStorm"},
	{"instances-create-bad-action-or-parameters.json", []int{3}, false, "StackStorm refuses the request"},
	{"instances-create-bad-body.json", []int{1, 2, 3, 4, 7}, true, "HTML: a proxy's looks the same"},
	{"instances-create-bad-body.json", []int{5, 6}, false, "the orchestrator's own words"},
	{"instances-create-bad-name.json", []int{1, 2}, false, "the orchestrator's own words"},
	{"instances-create-bad-service.json", []int{0, 1, 2, 3, 4, 5}, false, "the orchestrator's own words"},
	{"instances-create-casts.json", []int{4, 5}, false, "StackStorm refuses the inputs"},
	{"instances-create-empty-tenant.json", []int{0}, true, "HTML: a proxy's looks the same"},
	{"instances-create-first-status-unmapped.json", []int{1}, true, "the execution was started (quirk 17)"},
	{"instances-create-no-description.json", []int{1}, true, "the execution was started (quirk 16)"},
	{"instances-create-no-user-id.json", []int{1}, true, "the execution was started (quirk 16)"},
	{"instances-create-refused-by-st2.json", []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, false, "StackStorm refuses the request"},
	{"instances-create-st2-down.json", []int{1}, true, "looks like a connection that broke after the start (quirk 24)"},
	{"instances-create-st2-errors.json", []int{1, 2}, true, "StackStorm's 5xx: it may have queued the execution"},
	{"instances-create-st2-errors.json", []int{3}, false, "StackStorm refuses the orchestrator's login"},
	{"instances-create-st2-errors.json", []int{4, 5, 6, 7}, true, "looks like a connection that broke after the start (quirk 24)"},
	{"instances-create-token.json", []int{1, 2, 3}, false, "the orchestrator's own words"},
	{"services-workflow-gone.json", []int{2}, false, "StackStorm refuses the action"},
	{"stackstorm/action-change.json", []int{13}, false, "StackStorm refuses the inputs"},
	{"stackstorm/action-delete.json", []int{11}, false, "StackStorm refuses the action (S46)"},
	{"stackstorm/action-service-new.json", []int{12, 14, 16, 19}, false, "StackStorm refuses the inputs (S42, S47)"},
	{"stackstorm/orchestrator-keys.json", []int{3, 5}, false, "StackStorm refuses the context (S38)"},
	{"stackstorm/orchestrator-keys.json", []int{7, 9}, true, "StackStorm's 500: these started nothing, others in this form may (S39)"},
	{"stackstorm/v3.2.0-action-change.json", []int{13}, false, "StackStorm refuses the inputs"},
	{"stackstorm/v3.2.0-action-delete.json", []int{11}, false, "StackStorm refuses the action (S46)"},
	{"stackstorm/v3.2.0-action-service-new.json", []int{12, 14, 16, 19}, false, "StackStorm refuses the inputs (S42, S47)"},
	{"stackstorm/v3.2.0-orchestrator-keys.json", []int{3, 5}, false, "StackStorm refuses the context (S38)"},
	{"stackstorm/v3.2.0-orchestrator-keys.json", []int{7, 9}, true, "StackStorm's 500: these started nothing, others in this form may (S39)"},
}

func TestRecordedFailuresOfStarts(t *testing.T) {
	cases := recordings(t)
	for file, steps := range recordings(t, "stackstorm") {
		cases[filepath.Join("stackstorm", file)] = steps
	}
	listed := map[string][]int{}
	for _, row := range recordedFailures {
		listed[row.file] = append(listed[row.file], row.steps...)
		for _, n := range row.steps {
			step := cases[row.file][n]
			_, err := startAnsweredBy(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", step.Response.Headers["content-type"])
				w.WriteHeader(step.Response.Status)
				w.Write(step.wire(t))
			})
			if e, ok := errors.AsType[*Error](err); !ok || e.Status != step.Response.Status || Ambiguous(err) != row.ambiguous {
				t.Errorf("%s, step %d: ambiguous is %v, want %v (%s): %v", row.file, n, Ambiguous(err), row.ambiguous, row.why, err)
			}
		}
	}
	for file, steps := range cases {
		for n, step := range steps {
			isStart := step.Request.Method == http.MethodPost && strings.HasSuffix(strings.TrimSuffix(step.Request.Path, "/"), "/orchestration/instances")
			if isStart && step.Response.Status != http.StatusOK && !slices.Contains(listed[file], n) {
				t.Errorf("%s, step %d has no row: %d", file, n, step.Response.Status)
			}
		}
	}
}

// startAnsweredBy starts a run at a server that answers with h.
func startAnsweredBy(t *testing.T, h http.HandlerFunc) (*Instance, error) {
	t.Helper()
	return serve(t, h).CreateInstance(t.Context(), InstanceRequest{})
}

// TestUnrecordedAnswersToStarts: whatever is not recorded to come before the work may
// have come after it.
func TestUnrecordedAnswersToStarts(t *testing.T) {
	const page = "<html><title>x</title></html>"
	for name, tc := range map[string]struct {
		status int
		body   string
	}{
		"200, a login page":               {200, page},
		"200, nothing":                    {200, ""},
		"200, an empty object":            {200, "{}"},
		"200, another route's object":     {200, `{"name": "n", "workflows": []}`},
		"200, a list":                     {200, "[]"},
		"200, null":                       {200, "null"},
		"200, a deletion's answer":        {200, `"Success"`},
		"200, a fault":                    {200, `{"faultstring": "x"}`},
		"202":                             {202, "{}"},
		"204":                             {204, ""},
		"301":                             {301, page},
		"302":                             {302, page},
		"303, as after a form":            {303, ""},
		"307":                             {307, ""},
		"308":                             {308, ""},
		"400 of a proxy":                  {400, page},
		"400, other words":                {400, `"Bad Request"`},
		"400, a gateway's object":         {400, `{"message": "invalid"}`},
		"400, a fault among other things": {400, `{"faultstring": "x", "detail": "y"}`},
		"400, a fault of tasks":           {400, `{"response": {"faultstring": "x"}}`},
		"400, nothing":                    {400, ""},
		"401 of a proxy":                  {401, page},
		"401, the orchestrator's words":   {401, `"Bad Request. Authentication Token is missing"`},
		"403 of a proxy":                  {403, page},
		"403, a fault":                    {403, `{"faultstring": "Forbidden"}`},
		"404 of a proxy":                  {404, page},
		"404, an empty object":            {404, "{}"},
		"405":                             {405, page},
		"407":                             {407, page},
		"408":                             {408, page},
		"409, a fault":                    {409, `{"faultstring": "x"}`},
		"413":                             {413, page},
		"429":                             {429, page},
		"429, a fault":                    {429, `{"faultstring": "x"}`},
		"500 in HTML":                     {500, page},
		"500, an empty list":              {500, "[]"},
		"500, the orchestrator's words":   {500, `"required input action is missing"`},
		"502":                             {502, page},
		"503":                             {503, ""},
		"504":                             {504, page},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			in, err := startAnsweredBy(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				if tc.status >= 300 && tc.status <= 399 {
					w.Header().Set("Location", "/elsewhere")
				}
				answer(w, tc.status, tc.body)
			})
			if in != nil || !Ambiguous(err) || asked != 1 {
				t.Errorf("asked %d times: %v, %v", asked, in, err)
			}
		})
	}
}

func TestBrokenAnswersToStarts(t *testing.T) {
	cut := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			answer(w, status, body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"the connection was cut":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"the answer was cut":       cut(200, startedRun),
		"a refusal was cut":        cut(400, `"required input service_id is missing or incorrect"`),
		"StackStorm's was cut":     cut(400, `{"faultstring": "x"}`),
		"a refusal without an end": cut(401, strings.Repeat("x", 70<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := startAnsweredBy(t, h); !Ambiguous(err) {
				t.Error(err)
			}
		})
	}
}

// TestWhoseRunItIs: an answer about another run is not believed.
func TestWhoseRunItIs(t *testing.T) {
	const another = "POST /v1beta/tenant-1/orchestration/instances: the answer is about another run: its "
	for name, tc := range map[string]struct {
		from, to string // what differs from the recorded answer
		want     string // the error; "" for none
	}{
		"as recorded":           {want: ""},
		"another name":          {`"name": "n"`, `"name": "N"`, another + `name is "N", not "n"`},
		"another description":   {`"description": "d"`, `"description": null`, another + `description is "", not "d"`},
		"another user":          {`"user_id": "u"`, `"user_id": "v"`, another + `user_id is "v", not "u"`},
		"another service":       {`"service_id": "s", "service_definition_id": "s"`, `"service_id": "r", "service_definition_id": "r"`, another + `service_id is "r", not "s"`},
		"another tenant":        {`"tenant-1"`, `"tenant-2"`, another + `tenant_id is "tenant-2", not "tenant-1"`},
		"two services":          {`"service_definition_id": "s"`, `"service_definition_id": "r"`, "the answer is not what the API sends: its service_id and service_definition_id differ"},
		"no id":                 {`"id": "x"`, `"id": ""`, "the answer is not what the API sends: it holds no id"},
		"one key for a service": {`"service_definition_id": "s",`, ``, ""},
		"the other key":         {`"service_id": "s",`, ``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, strings.Replace(startedRun, tc.from, tc.to, 1))
			})
			in, err := c.CreateInstance(t.Context(), fullRequest)
			if tc.want == "" {
				if err != nil || in.ID != "x" || in.ServiceID != "s" || string(in.Input) != `{"size": 1}` {
					t.Errorf("%v, %v", in, err)
				}
				return
			}
			if in != nil || !Ambiguous(err) || !strings.HasSuffix(err.Error(), tc.want) {
				t.Errorf("%v, %v", in, err)
			}
			if sign := strings.HasPrefix(tc.want, another); c.contended.Load() != sign {
				t.Errorf("contended: %v", !sign)
			}
		})
	}
}

func untilTheClientGoes(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // only then does the server notice
	<-r.Context().Done()
}

func TestStartsWithoutAnswer(t *testing.T) {
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

func TestCreateIsRepeatedAfterMixedConfiguration(t *testing.T) {
	const missing = `"required input action is missing"`
	complete := InstanceRequest{Action: "a"}
	for name, tc := range map[string]struct {
		request InstanceRequest
		answers []string
		fails   bool
	}{
		"others were about":           {complete, []string{missing, missing, `{"id": "x", "tenant_id": "tenant-1"}`}, false},
		"they always are":             {complete, slices.Repeat([]string{missing}, startTries), true},
		"another 400":                 {complete, []string{`"required input service 'name' is missing"`}, true},
		"the action is missing":       {InstanceRequest{}, []string{missing}, true},
		"parameters are no object":    {InstanceRequest{Action: "a", Parameters: []byte(`[]`)}, []string{missing}, true},
		"parameters are null":         {InstanceRequest{Action: "a", Parameters: []byte(`null`)}, []string{missing}, true},
		"the answer to one was a 500": {complete, []string{missing, "", `{"id": "x"}`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
					asked++
					switch body := tc.answers[asked-1]; {
					case body == "":
						return response(r, http.StatusInternalServerError, "[]"), nil
					case strings.HasPrefix(body, `"`):
						return response(r, http.StatusBadRequest, body), nil
					default:
						return response(r, http.StatusOK, body), nil
					}
				})
				_, err := c.CreateInstance(t.Context(), tc.request)
				want := len(tc.answers)
				if name == "the answer to one was a 500" {
					want = 2
				}
				if asked != want || (err != nil) != tc.fails {
					t.Errorf("asked %d times: %v", asked, err)
				}
				if sign := asked > 1; c.contended.Load() != sign {
					t.Errorf("contended: %v", c.contended.Load())
				}
			})
		})
	}
}

func TestCreateIsNotRepeatedForItsWordsAlone(t *testing.T) {
	asked := 0
	c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
		asked++
		return response(r, http.StatusInternalServerError, `"required input action is missing"`), nil
	})
	if _, err := c.CreateInstance(t.Context(), InstanceRequest{Action: "a"}); !Ambiguous(err) || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
