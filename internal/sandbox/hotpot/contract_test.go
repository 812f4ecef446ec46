package hotpot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

const recordingsFolder = "../testdata/contract/hotpot"

// recording is one case of the contract.
type recording struct {
	Name  string
	Steps []recordedStep
}

type recordedStep struct {
	Note    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    any
	}
}

// histories are the cases in the order of their recording: each begins with an
// empty database, and what one case made is there in the next.
var histories = [][]string{
	{
		"profiles-list-empty", "versions", "routes-missing", "pools",
		"profiles-create", "profiles-get", "profiles-list", "profiles-change", "hosts-create", "hosts-get", "hosts-list",
		"volumes-create", "volumes-get", "volumes-list", "attachments-create", "attachments-list", "attachments-get",
		"snapshots", "volumes-change", "deletes", "volumes-paging",
		"keystone-tokens", "keystone-lists", "keystone-tenancy", "keystone-expired", "keystone-revoked",
		"faults", "no-validation",
	},
	{"stock-sample-driver"},
}

// TestAnswersAsRecorded replays every case. Ids are those of the recording, since
// the order of lists depends on them.
func TestAnswersAsRecorded(t *testing.T) {
	cases, steps := 0, 0
	for _, names := range histories {
		r := newReplay(t)
		for _, name := range names {
			c := readRecording(t, name)
			t.Run(name, func(t *testing.T) {
				r.T = t
				r.play(c)
			})
			cases++
			steps += len(c.Steps)
		}
	}
	files, err := filepath.Glob(filepath.Join(recordingsFolder, "*.json"))
	if err != nil || len(files) != cases {
		t.Errorf("%d cases of %d files, %v", cases, len(files), err)
	}
	t.Logf("replayed %d cases, %d steps", cases, steps)
}

func readRecording(t *testing.T, name string) (c recording) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(recordingsFolder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(name, err)
	}
	return c
}

// replay is one history under way.
type replay struct {
	*testing.T
	server *Server
	gone   map[string]bool // tokens that are not taken any more
}

func newReplay(t *testing.T) *replay {
	r := &replay{T: t, server: New(nil, time.Now), gone: map[string]bool{}}
	clear(r.server.hosts.rows)
	clear(r.server.profiles.rows)
	return r
}

// identify knows the recorded tokens by their names.
func (r *replay) identify(token string) (access.Caller, error) {
	switch {
	case token == "":
		return access.Caller{}, errors.New("token not found in header")
	case r.gone[token]:
		return access.Caller{}, errors.New("get token failed,Resource not found")
	}
	who := map[string]access.Caller{
		"DEMO-TOKEN":    {User: "13ba35e6a039470586d7371f65694811", Tenant: "demo-project-id"},
		"ADMIN-TOKEN":   {User: "1adf6224a29a4d229c649eb3a580b813", Tenant: "admin-project-id", Admin: true, Cloud: true},
		"SERVICE-TOKEN": {User: "service-user", Tenant: "service-project-id", Admin: true},
	}
	for _, name := range []string{"UNSCOPED-TOKEN", "OLD-TOKEN", "NEW-TOKEN", "REVOKED-TOKEN"} {
		who[name] = access.Caller{User: "somebody", Tenant: "demo-project-id"}
	}
	if who[token] == (access.Caller{}) {
		return access.Caller{}, errors.New("get token failed,Resource not found")
	}
	return who[token], nil
}

func (r *replay) play(c recording) {
	r.server.check = nil
	if strings.HasPrefix(c.Name, "keystone-") {
		r.server.check = r.identify
	}
	r.server.unvalidated = c.Name == "no-validation"
	for i, step := range c.Steps {
		r.before(c.Name, i, step)
		where := fmt.Sprintf("step %d, %s %s", i, step.Request.Method, step.Request.Path)
		if step.Response.Status == 0 {
			r.goesUnanswered(where, step)
			continue
		}
		answer := r.ask(step)
		if answer.Code != step.Response.Status {
			r.Fatalf("%s: status %d, recorded %d: %s", where, answer.Code, step.Response.Status, answer.Body)
		}
		if got, want := answer.Header().Get("Content-Type"), step.Response.Headers["content-type"]; got != want {
			r.Errorf("%s: content type %q, recorded %q", where, got, want)
		}
		got, want := comparable(answer.Body.Bytes(), step)
		if !reflect.DeepEqual(got, want) {
			r.Errorf("%s:\n got     %s\nrecorded %s", where, asJSON(got), asJSON(want))
		}
	}
}

// before does what happened outside of the recorded requests.
func (r *replay) before(name string, i int, step recordedStep) {
	outage := map[string]Outage{
		"controller hangs": ControllerHangs, "controller down": ControllerDown, "store hangs": StoreDown, "store down": StoreDown,
		"controller goes on": NoOutage, "store back": NoOutage,
	}
	if o, ok := outage[step.Note]; ok && name == "faults" {
		if err := r.server.SetOutage(o); err != nil {
			r.Fatal(err)
		}
	}
	switch {
	case name == "volumes-paging" && i == 0:
		r.addVolumes()
	case name == "keystone-expired" && i == 1:
		r.gone["OLD-TOKEN"] = true
	case name == "keystone-revoked" && i == 1:
		r.gone["REVOKED-TOKEN"] = true
	case name == "keystone-lists" && i == 0:
		r.server.profiles.remove("b0493435-9a4c-41d2-abef-7b863f1ba5f8")
	case name == "stock-sample-driver" && i == 0:
		r.server.SetPace(Pace{Create: Never}) // the driver's one id is never found
	case name == "no-validation" && i == 0:
		_ = r.server.SetOutage(NoOutage)
	}
}

// addVolumes are those of tenant-3, p-00 to p-52, in the order of their ids as
// far as it is recorded: the first four, the last four, and the two that a list
// of 50 rows of all tenants ends with.
func (r *replay) addVolumes() {
	first, middle, last := []string{"p-21", "p-49", "p-13", "p-32"}, []string{"p-01", "p-00"}, []string{"p-29", "p-33", "p-27", "p-02"}
	recorded := slices.Concat(first, middle, last)
	var others []string
	for n := range 53 {
		if name := fmt.Sprintf("p-%02d", n); !slices.Contains(recorded, name) {
			others = append(others, name)
		}
	}
	const before = 37 // of the others come before the middle
	ids := map[string]string{"p-01": "d537255d-c714-4aca-94f9-94e1ebfbdc1b", "p-00": "da9c616c-20b4-4a56-b784-45ba0a2b4053"}
	for i, name := range slices.Concat(first, others[:before], middle, others[before:], last) {
		id := fmt.Sprintf("%08d-before", i)
		if i >= len(first)+before+len(middle) {
			id = fmt.Sprintf("f%07d-after", i)
		}
		id = cmp.Or(ids[name], id)
		volume := &volumeRow{rowBase: rowBase{ID: id, CreatedAt: r.server.timestamp(), TenantID: "tenant-3"}, Name: name, Size: 1, AvailabilityZone: "default",
			Status: "creating", ProfileID: "e780933c-c26f-4b51-b7eb-8c3fcd055723"}
		r.server.finishVolume(volume)
		r.server.volumes.put(volume)
	}
}

// ask sends a recorded request. What it makes gets the id that it was recorded with.
func (r *replay) ask(step recordedStep) *httptest.ResponseRecorder {
	if made, ok := step.Response.Body.(map[string]any); ok && step.Request.Method == http.MethodPost {
		id, _ := made["id"].(string)
		r.server.newID = func() string { return id }
	}
	answer := httptest.NewRecorder()
	r.server.ServeHTTP(answer, request(step))
	return answer
}

func request(step recordedStep) *http.Request {
	body := string(step.Request.Body)
	var text string
	switch {
	case body == "null" && step.Request.Method != http.MethodPost:
		body = ""
	case body != "null" && json.Unmarshal(step.Request.Body, &text) == nil:
		body = text // that is no JSON
	}
	req := httptest.NewRequest(step.Request.Method, step.Request.Path, strings.NewReader(body))
	for name, value := range step.Request.Headers {
		req.Header.Set(name, value)
	}
	return req
}

// goesUnanswered: the volume is there all the same.
func (r *replay) goesUnanswered(where string, step recordedStep) {
	r.server.newID = func() string { return "ab25e60c-1eaa-4cbe-9086-61719d39114c" }
	req := request(step)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	defer func() {
		if recover() == nil {
			r.Errorf("%s: there was an answer", where)
		}
	}()
	r.server.ServeHTTP(httptest.NewRecorder(), req.WithContext(ctx))
}

var moments = regexp.MustCompile(`"(createdAt|updatedAt)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"`)

// comparable makes both sides comparable: moments count as set or not, pages
// are recorded cut, and some lists summed up.
func comparable(got []byte, step recordedStep) (have, want any) {
	want = step.Response.Body
	text, isText := want.(string)
	if isText {
		return string(got[:min(len(got), len(text))]), text
	}
	decode := func(raw []byte) (v any) {
		d := json.NewDecoder(bytes.NewReader(moments.ReplaceAll(raw, []byte(`"$1":"set"`))))
		_ = d.Decode(&v)
		return v
	}
	have = decode(got)
	raw, _ := json.Marshal(want) // came from JSON
	want = decode(raw)
	switch {
	case strings.HasPrefix(step.Note, "the body summed up") && step.Response.Status == http.StatusOK:
		return summary(have, want.(map[string]any)), want
	case isCutList(want):
		return firstAndLast(have, want.([]any)), want
	}
	return have, want
}

// summary is a list as a recording sums it up: its length, the first names, and
// whether the ids are in order.
func summary(list any, want map[string]any) any {
	rows, _ := list.([]any)
	names, ids := []any{}, []string{}
	for _, row := range rows {
		ids = append(ids, row.(map[string]any)["id"].(string))
		if len(names) < len(want["names"].([]any)) {
			names = append(names, row.(map[string]any)["name"])
		}
	}
	sum := map[string]any{"count": float64(len(rows)), "names": names}
	if _, ok := want["ids sorted"]; ok {
		backwards := slices.Clone(ids)
		slices.Reverse(backwards)
		sum["ids sorted"], sum["ids sorted backwards"] = slices.IsSorted(ids), slices.IsSorted(backwards)
	}
	return sum
}

// isCutList says whether one row of the list stands for several.
func isCutList(want any) bool {
	rows, _ := want.([]any)
	return slices.ContainsFunc(rows, func(row any) bool {
		object, _ := row.(map[string]any)
		return object["left out here"] != nil
	})
}

// firstAndLast leaves out of a list what its recording left out, which says how
// long it was.
func firstAndLast(list any, want []any) any {
	rows, _ := list.([]any)
	cut := slices.IndexFunc(want, func(row any) bool { return row.(map[string]any)["left out here"] != nil })
	after := len(want) - cut - 1
	if !strings.HasSuffix(fmt.Sprint(want[cut]), fmt.Sprintf("the body had %d]", len(rows))) {
		return list
	}
	return slices.Concat(rows[:cut], want[cut:cut+1], rows[len(rows)-after:])
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
