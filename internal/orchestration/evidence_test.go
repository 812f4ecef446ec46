package orchestration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The answers a server can give to a read of instance "x", by a short name.
var answersToX = map[string]struct {
	status int
	body   string
}{
	"running":  {200, `{"id": "x", "status": "Running"}`},
	"unheard":  {200, `{"id": "x", "status": "Paused"}`},
	"success":  {200, `{"id": "x", "status": "Success", "output": "mine"}`},
	"failed":   {200, `{"id": "x", "status": "Failed", "output": "mine"}`},
	"theirs":   {200, `{"id": "x", "status": "Success", "output": "theirs"}`},
	"stranger": {200, `{"id": "y", "status": "Failed", "output": "theirs"}`},
	"list":     {200, `[{"id": "x", "status": "Failed"}]`},
	"deletion": {200, `"Success"`},
	"500":      {500, `<p>The server encountered an internal error</p>`},
	"404":      {404, `{}`},
	"null":     {200, `null`},
	"page":     {404, `<p>The requested URL was not found</p>`},
	"403":      {403, `"no"`},
}

func TestWhichAnswersCount(t *testing.T) {
	many := func(n int, what string) string { return strings.TrimSpace(strings.Repeat(what+" ", n)) }
	for name, tc := range map[string]struct {
		answers   string // in their order; all of them must be asked for, and no more
		contended bool   // from before
		want      string // what is returned
		sign      bool   // contended afterwards
	}{
		"running":                   {answers: "running", want: "running"},
		"ended":                     {answers: "success", want: "success"},
		"an unheard-of status":      {answers: "unheard", want: "unheard"},
		"a stranger's":              {answers: "stranger running", want: "running", sign: true},
		"many strangers'":           {answers: many(60, "stranger") + " running", want: "running", sign: true},
		"a list":                    {answers: "list running", want: "running", sign: true},
		"a deletion's answer":       {answers: "deletion running", want: "running", sign: true},
		"a 500 that goes away":      {answers: "500 500 500 500 running", want: "running", sign: true},
		"a 500 for ever":            {answers: many(5, "500"), want: "500"},
		"a 500 among strangers":     {answers: "stranger " + many(19, "500") + " running", want: "running", sign: true},
		"500s around strangers":     {answers: many(4, "500") + " stranger " + many(19, "500") + " running", want: "running", sign: true},
		"a 500 after a stranger":    {answers: "stranger " + many(20, "500"), want: "500", sign: true},
		"gone":                      {answers: "404 404", want: "404"},
		"gone and back":             {answers: "404 running", want: "running", sign: true},
		"gone, back, ended":         {answers: "404 failed failed", want: "failed", sign: true},
		"gone, unclear":             {answers: "404 500 404 404", want: "404"},
		"unclear, gone":             {answers: "500 500 500 500 404 404", want: "404"},
		"unclear, unlike":           {answers: "500 500 500 500 404 500 running", want: "running", sign: true},
		"unclear between":           {answers: "500 500 500 success 500 500 success", want: "success", sign: true},
		"gone among strangers":      {answers: "stranger 404 404 404", want: "404", sign: true},
		"gone, stranger's, there":   {answers: "stranger 404 404 stranger 404 404 running", want: "running", sign: true},
		"the page of another route": {answers: "page", want: "page"},
		"another error":             {answers: "403", want: "403"},
		"a stranger's, then ended":  {answers: "stranger success success", want: "success", sign: true},
		"a 500, then ended":         {answers: "500 failed failed", want: "failed", sign: true},
		"ended, as before":          {answers: "success success", contended: true, want: "success", sign: true},
		"ended, outputs differ":     {answers: "theirs success success", contended: true, want: "success", sign: true},
		"ended, statuses differ":    {answers: "failed success success", contended: true, want: "success", sign: true},
		"ended, strangers between":  {answers: "success stranger 500 success", contended: true, want: "success", sign: true},
		"ended, then not":           {answers: "success running", contended: true, want: "running", sign: true},
		"running, contended":        {answers: "running", contended: true, want: "running", sign: true},
		"gone, contended":           {answers: "404 404 404", contended: true, want: "404", sign: true},
		"a 500, contended":          {answers: many(5, "500"), contended: true, want: "500", sign: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers, asked := strings.Fields(tc.answers), 0
				c := bubbleClient(t, Config{MaxRetries: 4}, func(r *http.Request) (*http.Response, error) {
					if asked == len(answers) {
						t.Fatal("asked more often than needed")
					}
					a := answersToX[answers[asked]]
					asked++
					return response(r, a.status, a.body), nil
				})
				c.contended.Store(tc.contended)
				c.reads.Store(firstReads)
				in, err := c.Instance(t.Context(), "x", "")
				if asked != len(answers) {
					t.Errorf("asked %d times, want %d", asked, len(answers))
				}
				if c.contended.Load() != tc.sign {
					t.Errorf("contended: %v", c.contended.Load())
				}
				want := answersToX[tc.want]
				if want.status != http.StatusOK {
					if e, ok := errors.AsType[*Error](err); !ok || e.Status != want.status || in != nil {
						t.Errorf("got %v, %v", in, err)
					}
					return
				}
				if err != nil || in.ID != "x" || !strings.Contains(want.body, string(in.Status)) || !strings.Contains(want.body, in.Output) {
					t.Errorf("got %v, %v, want %s", in, err, want.body)
				}
			})
		})
	}
}

// TestFirstReadsAreVerified: the first answer of a process can be the one that
// others have spoilt, without a sign of them before.
func TestFirstReadsAreVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := strings.Fields("theirs stranger success success")
		asked := 0
		c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			a := answersToX[answers[min(asked, len(answers)-1)]]
			asked++
			return response(r, a.status, a.body), nil
		})
		if in, err := c.Instance(t.Context(), "x", ""); err != nil || in.Output != "mine" || !c.contended.Load() {
			t.Errorf("%v, %v", in, err)
		}

		asked = 0
		c = bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			asked++
			return response(r, http.StatusOK, answersToX["success"].body), nil
		})
		for range 10 {
			c.Instance(t.Context(), "x", "")
		}
		if asked != 10+firstReads || c.contended.Load() {
			t.Errorf("%d reads among nobody", asked)
		}
	})
}

// One program that reads without pause leaves a serial client one right answer
// in ten (Races). Every read must bring the right one nevertheless.
func TestInstanceAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dice := rand.New(rand.NewPCG(1, 2))
		c := bubbleClient(t, Config{Random: dice.Float64}, func(r *http.Request) (*http.Response, error) {
			a := answersToX["stranger"]
			switch p := dice.Float64(); {
			case p < 0.10:
				a = answersToX["success"]
			case p < 0.15: // the right instance with the output of any of a thousand
				a.body = fmt.Sprintf(`{"id": "x", "status": "Success", "output": "theirs %d"}`, dice.IntN(1000))
			case p < 0.20:
				a = answersToX["500"]
			}
			return response(r, a.status, a.body), nil
		})
		for range 300 {
			start := time.Now()
			in, err := c.Instance(t.Context(), "x", "")
			if err != nil || in.ID != "x" || in.Status != StatusSuccess || in.Output != "mine" {
				t.Fatalf("after %s: %v, %v", time.Since(start), in, err)
			}
		}
	})
}

func TestInstanceEndsWithItsContext(t *testing.T) {
	for answer, says := range map[string]string{
		"stranger": "reading instance x: the server mixed our requests with those of others: context deadline exceeded",
		"404":      "reading instance x: context deadline exceeded; last: GET /v1beta/tenant-1/orchestration/instances/x: 404 Not Found",
		"500":      "reading instance x: context deadline exceeded; last: GET /v1beta/tenant-1/orchestration/instances/x: 500 Internal Server Error: The server encountered an internal error",
	} {
		t.Run(answer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				defer cancel()
				start := time.Now()
				c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
					return response(r, answersToX[answer].status, answersToX[answer].body), nil
				})
				_, err := c.Instance(ctx, "x", "")
				if !errors.Is(err, context.DeadlineExceeded) || err.Error() != says {
					t.Errorf("got %v", err)
				}
				if IsNotFound(err) {
					t.Error("a single 404 counts")
				}
				if took := time.Since(start); took != 10*time.Millisecond {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestTriesEndWithTheContext(t *testing.T) {
	for what, call := range map[string]func(context.Context, *Client) error{
		"list": func(ctx context.Context, c *Client) error { _, err := c.Instances(ctx); return err },
		"create": func(ctx context.Context, c *Client) error {
			_, err := c.CreateInstance(ctx, InstanceRequest{Action: "a"})
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			asked := 0
			c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
				asked++
				if r.Method == http.MethodPost {
					return response(r, http.StatusBadRequest, `"required input action is missing"`), nil
				}
				return response(r, http.StatusInternalServerError, ""), nil
			})
			err := call(ctx, c)
			if _, ok := errors.AsType[*Error](err); !ok || !errors.Is(err, context.DeadlineExceeded) || Ambiguous(err) != (what == "list") || asked != 1 {
				t.Errorf("%s, asked %d times: %v", what, asked, err)
			}
		})
	}
}

func TestListsAmongOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		answers string
		status  int // of the error; 0 for none
		strange bool
		sign    bool
	}{
		"well":                {answers: "list"},
		"a 500 that goes":     {answers: "500 list", sign: true},
		"a 500 that stays":    {answers: "500 500", status: 500},
		"nothing":             {answers: "null list", sign: true},
		"somebody's instance": {answers: "stranger list", sign: true},
		"somebody's deletion": {answers: "deletion stranger list", sign: true},
		"always somebody's":   {answers: strings.Repeat("stranger ", foreignListTries), strange: true, sign: true},
		"not allowed":         {answers: "403", status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers, asked := strings.Fields(tc.answers), 0
				c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
					a := answersToX[answers[asked]]
					asked++
					return response(r, a.status, a.body), nil
				})
				list, err := c.Instances(t.Context())
				e, _ := errors.AsType[*Error](err)
				switch {
				case asked != len(answers):
					t.Errorf("asked %d times", asked)
				case tc.status != 0 && (e == nil || e.Status != tc.status), tc.strange && !errors.Is(err, errForeignList):
					t.Errorf("got %v", err)
				case tc.status == 0 && !tc.strange && (err != nil || len(list) != 1):
					t.Errorf("got %v, %v", list, err)
				}
				if c.contended.Load() != tc.sign {
					t.Errorf("contended: %v", c.contended.Load())
				}
			})
		})
	}
}
