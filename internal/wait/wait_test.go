package wait

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errBusy  = errors.New("busy")
	errFatal = errors.New("fatal")
)

// script is what successive polls give; the last entry repeats.
type script []func(ctx context.Context) (string, bool, error)

func value(v string) func(context.Context) (string, bool, error) {
	return func(context.Context) (string, bool, error) { return v, false, nil }
}

func done(v string) func(context.Context) (string, bool, error) {
	return func(context.Context) (string, bool, error) { return v, true, nil }
}

func fails(err error) func(context.Context) (string, bool, error) {
	return func(context.Context) (string, bool, error) { return "not a value", true, err }
}

// hangs for a minute, or until ctx ends and it fails of that.
func hangs(ctx context.Context) (string, bool, error) {
	select {
	case <-time.After(time.Minute):
		return "late", false, nil
	case <-ctx.Done():
		return "", false, fmt.Errorf("poll: %w", ctx.Err())
	}
}

func TestUntil(t *testing.T) {
	for name, tc := range map[string]struct {
		script  script
		timeout time.Duration
		value   string
		polls   int
		took    time.Duration
		err     string // "" for none
		is      error
	}{
		"done at once": {
			script: script{done("a")}, value: "a", polls: 1,
		},
		"done later": {
			script: script{value("a"), value("b"), done("c")}, value: "c", polls: 3, took: 2 * time.Second,
		},
		"an error ends it": {
			script: script{value("a"), fails(errFatal)}, value: "a", polls: 2, took: time.Second,
			err: "fatal", is: errFatal,
		},
		"a tolerated one does not": {
			script: script{value("a"), fails(errBusy), fails(fmt.Errorf("x: %w", errBusy)), done("b")}, value: "b", polls: 4, took: 3 * time.Second,
		},
		"time is up": {
			script: script{value("a"), value("b")}, timeout: 2500 * time.Millisecond, value: "b", polls: 3, took: 2500 * time.Millisecond,
			err: "gave up waiting after 3s: context deadline exceeded", is: context.DeadlineExceeded,
		},
		"time is up after errors": {
			script: script{value("a"), fails(errBusy)}, timeout: 2 * time.Minute, value: "a", polls: 37, took: 2 * time.Minute,
			err: "gave up waiting after 2m0s: context deadline exceeded; the last poll failed: busy", is: errBusy,
		},
		"errors are forgotten": {
			script: script{fails(errBusy), value("a")}, timeout: 1500 * time.Millisecond, value: "a", polls: 2, took: 1500 * time.Millisecond,
			err: "gave up waiting after 2s: context deadline exceeded", is: context.DeadlineExceeded,
		},
		"time is up during a poll": {
			script: script{value("a"), hangs}, timeout: 30 * time.Second, value: "a", polls: 2, took: 30 * time.Second,
			err: "gave up waiting after 30s: context deadline exceeded", is: context.DeadlineExceeded,
		},
		"time is up during a poll after errors": {
			script: script{value("a"), fails(errBusy), hangs}, timeout: 30 * time.Second, value: "a", polls: 3, took: 30 * time.Second,
			err: "gave up waiting after 30s: context deadline exceeded; the last poll failed: busy", is: errBusy,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tc.timeout > 0 {
					var cancel func()
					ctx, cancel = context.WithTimeout(ctx, tc.timeout)
					defer cancel()
				}
				pace := Pace{Min: time.Second, Max: time.Hour, Random: func() float64 { return 0 }}
				pace.Tolerate = func(err error) bool { return errors.Is(err, errBusy) }
				start, polls := time.Now(), 0
				v, err := Until(ctx, pace, func(ctx context.Context) (string, bool, error) {
					polls++
					return tc.script[min(polls, len(tc.script))-1](ctx)
				})
				if v != tc.value || polls != tc.polls || time.Since(start) != tc.took {
					t.Errorf("got %q after %d polls and %s, want %q, %d, %s", v, polls, time.Since(start), tc.value, tc.polls, tc.took)
				}
				if tc.err == "" && err != nil || tc.err != "" && (err == nil || err.Error() != tc.err || !errors.Is(err, tc.is)) {
					t.Errorf("got error %v, want %s", err, tc.err)
				}
			})
		})
	}
}

func TestUntilToleratesNothingByDefault(t *testing.T) {
	_, err := Until(t.Context(), Pace{}, fails(errBusy))
	if !errors.Is(err, errBusy) {
		t.Errorf("got %v", err)
	}
}

func TestUntilTellsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("stopped by the user")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(7*time.Second, func() { cancel(stopped) })
		v, err := Until(ctx, Pace{Min: time.Minute, Max: time.Minute}, value("a"))
		if v != "a" || !errors.Is(err, stopped) || time.Since(start) != 7*time.Second {
			t.Errorf("after %s: %q, %v", time.Since(start), v, err)
		}
	})
}

// The instants of the polls, each a pause after the one before.
func TestPace(t *testing.T) {
	for name, tc := range map[string]struct {
		min, max time.Duration
		random   float64
		due      time.Duration  // when it is likely to end; 0: not known
		polls    map[int]string // at what time the poll of this number comes
	}{
		"half a second to fifteen": {
			min: 500 * time.Millisecond, max: 15 * time.Second,
			polls: map[int]string{0: "0s", 1: "500ms", 10: "5s", 11: "5.5s", 12: "6.05s", 13: "6.655s", 50: "3m34.56340262s", 51: "3m49.56340262s"},
		},
		"a fifth less at most": {
			min: 500 * time.Millisecond, max: 15 * time.Second, random: 1,
			polls: map[int]string{0: "0s", 1: "500ms", 12: "6s", 13: "6.5s", 14: "7.02s", 60: "3m44.506140938s", 61: "3m56.506140938s"},
		},
		"never below the least": {
			min: 10 * time.Second, max: 15 * time.Second, random: 1,
			polls: map[int]string{1: "10s", 12: "2m0s", 13: "2m10s", 20: "3m31.632s"},
		},
		"likely to end after a minute": {
			min: 500 * time.Millisecond, max: 15 * time.Second, due: time.Minute,
			polls: map[int]string{0: "0s", 13: "6.655s", 36: "59.590882674s", 37: "1m0.090882674s", 38: "1m0.590882674s", 39: "1m1.181765348s", 40: "1m2.363530696s", 41: "1m4.727061392s", 42: "1m9.454122784s", 43: "1m16.399535062s"},
		},
		"always the same": {
			min: 2 * time.Second, max: 2 * time.Second, random: 1,
			polls: map[int]string{1: "2s", 100: "3m20s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				last := 0
				for n := range tc.polls {
					last = max(last, n)
				}
				start, n := time.Now(), 0
				pace := Pace{Min: tc.min, Max: tc.max, Random: func() float64 { return tc.random }}
				pace.Due = func() (due time.Time) {
					if tc.due > 0 {
						due = start.Add(tc.due)
					}
					return due
				}
				Until(t.Context(), pace, func(context.Context) (int, bool, error) {
					if want, ok := tc.polls[n]; ok && time.Since(start).String() != want {
						t.Errorf("poll %d came at %s, want %s", n, time.Since(start), want)
					}
					n++
					return n, n > last, nil
				})
			})
		})
	}
}

// Whenever a run ends, the poll that notices comes within a tenth of its length or
// the least pause, whichever is more.
func TestTheEndIsNoticedSoon(t *testing.T) {
	for _, length := range []time.Duration{0, 300 * time.Millisecond, 3 * time.Second, 17 * time.Second, time.Minute, 140 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			Until(t.Context(), Pace{Min: 500 * time.Millisecond, Max: 15 * time.Second}, func(context.Context) (int, bool, error) {
				return 0, time.Since(start) >= length, nil
			})
			if late := time.Since(start) - length; late > max(500*time.Millisecond, length/10) {
				t.Errorf("a run of %s was noticed %s late", length, late)
			}
		})
	}
}
