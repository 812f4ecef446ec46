package provider

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// sweepOutcome is what came of a case.
type sweepOutcome struct {
	missed    bool     // the request did not come
	named     bool     // the next command was an error that named a run
	looked    bool     // the next command was an error that says to look in StackStorm
	nature    string   // the limit that the case has met
	forgotten bool     // that run was the one that had been replaced
	wrong     []string // what is not as it must be
	story     []string // what the commands have said
}

// live lives the life of a case up to the command that is disturbed, and does
// then what users do: the same again.
func (c sweepCase) live(t *testing.T) (o sweepOutcome) {
	synctest.Test(t, func(t *testing.T) {
		l := newSweepLife(t, c.life.surroundings)
		step := c.step()
		l.skipTo(step, *c.life)
		o.missed = true
		l.arm(c, func() { o.missed = false })
		r := l.command(step)
		o.tell("disturbed", r)
		if c.later {
			time.Sleep(time.Minute)
		}
		if step == onlyPlan {
			step = secondApply
		}
		l.again(step, &o)
		l.judge(c, step, &o)
	})
	return o
}

func (o *sweepOutcome) tell(what string, r *projectResult) {
	o.story = append(o.story, what+":\n"+r.said())
}

func (o *sweepOutcome) says(text string) bool {
	return strings.Contains(strings.Join(o.story, ""), text)
}

// again applies or destroys, plainly. If that is an error that names a run, it
// does what the error says.
func (l *sweepLife) again(step int, o *sweepOutcome) {
	config := l.configuration(step)
	r := l.apply(config)
	o.tell("again", r)
	if r.failed && l.remedy(step, r, config, o) {
		o.named = !o.looked
		r = l.apply(config)
		o.tell("after the remedy", r)
	}
	if r.failed {
		o.wrong = append(o.wrong, "the next command failed")
	}
	if next := l.plan(config); next.failed || len(next.changes) > 0 {
		o.wrong = append(o.wrong, fmt.Sprintf("the next plan is not empty: %v %s", next.changes, next.said()))
	}
}

var namedRun = regexp.MustCompile(`Run "(\w+)" has already succeeded: Run ([^ ,]+)`)

// remedy does what the errors say that name a run: it imports the run, or sets
// adopt_existing. It reports false if there is another error.
func (l *sweepLife) remedy(step int, r *projectResult, config configuration, o *sweepOutcome) bool {
	for _, d := range r.told {
		if d.Severity != tfprotov6.DiagnosticSeverityError {
			continue
		}
		if l.second && strings.HasPrefix(d.Summary, "Not known whether run") {
			o.looked = true // in StackStorm, as it says: another client's request made a start fail
			continue
		}
		m := namedRun.FindStringSubmatch(d.Summary + ": " + d.Detail)
		switch {
		case m == nil || config[m[1]] == nil:
			return false
		case l.executions()["work "+m[1]] < expectedExecutions(step)["work "+m[1]]:
			config[m[1]]["adopt_existing"] = false // the run that was replaced
			o.forgotten = true
		case m[1] != "b":
			l.importRun(m[1], m[2])
		default:
			config[m[1]]["adopt_existing"] = true
		}
	}
	return true
}

// judge holds what there is now against what there must be.
func (l *sweepLife) judge(c sweepCase, step int, o *sweepOutcome) {
	got, want := l.executions(), expectedExecutions(step)
	twice := false
	for what, n := range got {
		if n > want[what] {
			twice = true
		}
		if n > want[what]+1 || n < want[what] {
			o.wrong = append(o.wrong, fmt.Sprintf("%s was executed %d times, want %d", what, n, want[what]))
		}
	}
	for what, n := range want {
		if got[what] == 0 {
			o.wrong = append(o.wrong, fmt.Sprintf("%s was not executed, want %d", what, n))
		}
	}
	left, forgotten := false, o.forgotten
	if step == lastDestroy {
		left = l.forgetCleanUps()
	}
	for _, limit := range limits {
		if limit.applies(c, o) && (twice && limit.twice || left && limit.left || forgotten && limit.forgotten) {
			o.nature = limit.what
			twice, left, forgotten = twice && !limit.twice, left && !limit.left, forgotten && !limit.forgotten
		}
	}
	if twice {
		o.wrong = append(o.wrong, fmt.Sprintf("executions: %v, want %v", got, want))
	}
	if left {
		o.wrong = append(o.wrong, "the record of a clean-up is left")
	}
	if forgotten {
		o.wrong = append(o.wrong, "the run that was replaced is taken for an earlier success")
	}
	o.wrong = append(o.wrong, l.wrong(step)...)
}

// forgetCleanUps removes the records of clean-ups, as a person would, and
// reports whether there were any.
func (l *sweepLife) forgetCleanUps() (some bool) {
	for _, row := range l.sb.Instances() {
		if strings.HasSuffix(row.Name, "-destroy") {
			some = l.sb.Forget(row.ID) || some
		}
	}
	return some
}

// limit is something that cannot hold, by the nature of the server. The guide
// has it word for word.
type limit struct {
	what, why string

	twice     bool // something is executed once more than it should
	left      bool // the record of a clean-up is left
	forgotten bool // a run that was replaced counts as an earlier success
	applies   func(c sweepCase, o *sweepOutcome) bool
}

var limits = []limit{
	{
		what: "StackStorm started a run and its answer to the orchestrator was lost, and Terraform has no connection to StackStorm, or was killed or interrupted then",
		why: "The error `Not known whether run … has started` says to look in StackStorm first. The orchestrator keeps no record of such a run and its list does not show it. " +
			"So applying again without a look starts the run again",
		twice: true,
		applies: func(c sweepCase, o *sweepOutcome) bool {
			return c.layer == toStackStorm && c.fault.after && (c.end != goesOn || !c.life.connected && o.says("Not known whether run"))
		},
	},
	{
		what: "An old service, without the connection to StackStorm: Terraform was killed or interrupted before a run was in the state, or the answer to a start was lost",
		why: "The next command may start the run again. The service's list ends before a record that cannot be read, so the run cannot be found. " +
			"Every apply that starts a run in such a service warns of it",
		twice: true,
		left:  true,
		applies: func(c sweepCase, o *sweepOutcome) bool {
			return c.life.old && !c.life.connected && (c.end != goesOn || o.says("Not known whether run"))
		},
	},
	{
		what: "An old service, with the connection to StackStorm: a run that succeeded was destroyed or replaced, and later the same run is wanted again",
		why: "The apply may stop with the error `Run … has already succeeded`. StackStorm keeps the execution when the record is removed, and the service's list " +
			"ends before a record that cannot be read. So this run cannot be told from one that was lost. `adopt_existing = false` starts it",
		forgotten: true,
		applies:   func(c sweepCase, _ *sweepOutcome) bool { return c.life.old && c.life.connected },
	},
	{
		what: "The answer to the start of an `on_destroy` run was lost, and StackStorm found the run by its mark",
		why: "The record of the finished `on_destroy` run may stay. In an old service it is not certain which record is that run's, so Terraform leaves it. " +
			"The clean-up itself was done once",
		left: true,
		applies: func(c sweepCase, _ *sweepOutcome) bool {
			return c.life.connected && c.layer == toOrchestrator && strings.HasPrefix(c.life.requests[c.number], "POST ")
		},
	},
	{
		what: "Terraform was killed or interrupted during a destroy, or its last request failed",
		why: "The record of a finished `on_destroy` run may stay. It is removed after the run's own record, so that the clean-up is never repeated. " +
			"Then no state holds it any more",
		left: true,
		applies: func(c sweepCase, o *sweepOutcome) bool {
			return c.end != goesOn || o.says("The record of the on_destroy run")
		},
	},
}

// TestGuideNamesTheLimits: what cannot hold stands in the guide, word for word,
// and nothing else does.
func TestGuideNamesTheLimits(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "lifecycle.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(guide), "## What cannot be known\n")
	if !ok {
		t.Fatal("the guide has no section on what cannot be known")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, l := range limits {
		if row := fmt.Sprintf("| %s <!-- TestSweep --> | %s |\n", l.what, l.why); !strings.Contains(section, row) {
			t.Errorf("the guide lacks the row\n%s", row)
		}
	}
	if rows := strings.Count(section, "<!-- TestSweep -->"); rows != len(limits) {
		t.Errorf("the guide has %d rows, the sweep %d limits", rows, len(limits))
	}
}

// chosen are every n-th of the cases; n is the value of SODA_SWEEP.
func chosen(t *testing.T, cases []sweepCase) (some []sweepCase) {
	t.Helper()
	every, err := strconv.Atoi(cmp.Or(os.Getenv("SODA_SWEEP"), "449"))
	if err != nil || every < 1 {
		t.Fatalf("SODA_SWEEP is %q, want a whole number from 1 on", os.Getenv("SODA_SWEEP"))
	}
	for i := 0; i < len(cases); i += every {
		some = append(some, cases[i])
	}
	return some
}

// TestSweep lives the life of three runs again and again. Each time one request
// goes wrong in one way, and the process goes on, is interrupted or is killed.
// Then the same command is given again, plainly. After that every run must have
// been executed once, be in the state as succeeded, and the next plan be empty.
//
// SODA_SWEEP=n in the environment lives every n-th of these lives.
func TestSweep(t *testing.T) {
	cases := allSweepCases(t)
	if only := os.Getenv("SODA_SWEEP_CASE"); only != "" {
		showSweepCase(t, cases, only)
		return
	}
	total := len(cases)
	cases = chosen(t, cases)
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // much garbage, little memory
	count := newSweepCount()
	next := make(chan sweepCase)
	go func() {
		defer close(next)
		for _, c := range cases {
			next <- c
		}
	}()
	began := time.Now()
	t.Run("lives", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for c := range next {
					o := c.live(t)
					count.add(c, o)
					if len(o.wrong) > 0 {
						t.Errorf("%s (%s):\n\t%s\n%s", c, c.request(), strings.Join(o.wrong, "\n\t"), strings.Join(o.story, "\n"))
					}
				}
			})
		}
	})
	t.Log("took", time.Since(began))
	fmt.Printf("sweep: %d of %d lives, each with one disturbed request: %s\n", len(cases), total, count)
	if len(cases) == total {
		count.everyLimitIsNeeded(t)
	}
}

func allSweepCases(t *testing.T) (cases []sweepCase) {
	for _, s := range []surroundings{
		{}, {old: true}, {connected: true}, {old: true, connected: true}, {second: true}, {old: true, second: true},
	} {
		alone := s
		alone.second = false
		life := recordLife(t, alone)
		life.second = s.second
		cases = append(cases, sweepCases(&life)...)
	}
	return cases
}

// request is what is disturbed, as far as it is known.
func (c sweepCase) request() string {
	if c.layer != toOrchestrator {
		return layerNames[c.layer]
	}
	return regexp.MustCompile(`/v1beta/\w+/orchestration`).ReplaceAllString(c.life.requests[c.number], "")
}

// showSweepCase lives one life and tells what was said.
func showSweepCase(t *testing.T, cases []sweepCase, name string) {
	i := slices.IndexFunc(cases, func(c sweepCase) bool { return c.String() == name })
	if i < 0 {
		t.Fatalf("there is no case %q", name)
	}
	o := cases[i].live(t)
	t.Logf("%s (%s)\n%s\nnamed %t, nature %q, missed %t, wrong: %v", cases[i], cases[i].request(), strings.Join(o.story, "\n"), o.named, o.nature, o.missed, o.wrong)
}

// sweepCount counts cases by what happened and what came of it.
type sweepCount struct {
	mu sync.Mutex
	n  map[string]int
}

func newSweepCount() *sweepCount { return &sweepCount{n: map[string]int{}} }

func (s *sweepCount) add(c sweepCase, o sweepOutcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := func(b bool, yes, no string) string {
		if b {
			return yes
		}
		return no
	}
	for _, what := range []string{layerNames[c.layer], string(c.end), c.fault.name, is(c.life.old, "old service", "clean service"),
		is(c.life.connected, "connected", "not connected"), is(c.life.second, "second client", "alone")} {
		s.n[what]++
	}
	switch {
	case len(o.wrong) > 0:
		s.n["wrong"]++
	case o.missed:
		s.n["missed"]++
	case o.nature != "":
		s.n["nature"]++
		s.n[o.nature]++
	case o.named:
		s.n["named"]++
	case o.looked:
		s.n["looked"]++
	default:
		s.n["fine"]++
	}
}

func (s *sweepCount) String() string {
	list := func(names ...string) string {
		for i, name := range names {
			names[i] = fmt.Sprintf("%s %d", name, s.n[name])
		}
		return strings.Join(names, ", ")
	}
	faults := []string{}
	for _, f := range slices.Concat(sweepFaults, writeFaults, []sweepFault{{name: "somebody else's record"}}) {
		faults = append(faults, f.name)
	}
	return fmt.Sprintf("layers: %s; faults: %s; the process: %s; in: %s, %s, %s. Outcomes: as if nothing had happened %d, after an error that names the run %d, after a look in StackStorm %d, limits of the guide %d, request did not come %d, wrong %d",
		list(layerNames[:]...), list(faults...), list(string(goesOn), string(interrupted), string(killed)), list("clean service", "old service"),
		list("connected", "not connected"), list("alone", "second client"), s.n["fine"], s.n["named"], s.n["looked"], s.n["nature"], s.n["missed"], s.n["wrong"])
}

// everyLimitIsNeeded fails the test if no case has met a limit.
func (s *sweepCount) everyLimitIsNeeded(t *testing.T) {
	t.Helper()
	for _, l := range limits {
		if s.n[l.what] == 0 {
			t.Errorf("no life needs the limit %q", l.what)
		}
	}
}
