package wait

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Pace says how often to poll and what to put up with.
type Pace struct {
	// Min and Max bound the pause between two polls. In between it is a tenth of
	// the time waited so far, less up to a fifth at random.
	Min, Max time.Duration
	// Due tells when the wait is likely to end, zero where that is not known. No
	// pause is longer than it is to that moment, or than it has been since.
	Due func() time.Time
	// Random gives numbers in [0, 1); nil means math/rand.
	Random func() float64
	// Tolerate says which errors of a poll do not end the wait; nil means
	// none. Only the context bounds how long errors are put up with, and a poll
	// that succeeds makes them forgotten.
	Tolerate func(error) bool
}

// Until polls at once, then at the pace of p, until poll reports done, fails
// with an error that is not tolerated, or ctx ends. It always returns the last
// value a successful poll gave, so that the caller can say where things stood.
// The end of ctx is an error that wraps its cause, and the last poll's error if
// that had failed by itself.
func Until[T any](ctx context.Context, p Pace, poll func(context.Context) (v T, done bool, err error)) (T, error) {
	var (
		last    T
		lastErr error // of the last poll, unless ctx cut it short
		start   = time.Now()
	)
	for {
		v, done, err := poll(ctx)
		switch {
		case err == nil && done:
			return v, nil
		case err == nil:
			last, lastErr = v, nil
		case ctx.Err() != nil:
			return last, gaveUp(ctx, time.Since(start), lastErr)
		case !p.tolerates(err):
			return last, err
		default:
			lastErr = err
		}
		if !sleep(ctx, p.pause(time.Since(start))) {
			return last, gaveUp(ctx, time.Since(start), lastErr)
		}
	}
}

// pause is how long to wait when elapsed has passed since the first poll.
func (p Pace) pause(elapsed time.Duration) time.Duration {
	random := p.Random
	if random == nil {
		random = rand.Float64
	}
	pause := min(p.Max, elapsed/10)
	pause -= time.Duration(random() * float64(pause) / 5)
	if p.Due != nil {
		pause = min(pause, time.Until(p.Due()).Abs())
	}
	return max(p.Min, pause)
}

func (p Pace) tolerates(err error) bool { return p.Tolerate != nil && p.Tolerate(err) }

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func gaveUp(ctx context.Context, after time.Duration, pollErr error) error {
	cause := context.Cause(ctx)
	if pollErr == nil {
		return fmt.Errorf("gave up waiting after %s: %w", after.Round(time.Second), cause)
	}
	return fmt.Errorf("gave up waiting after %s: %w; the last poll failed: %w", after.Round(time.Second), cause, pollErr)
}
