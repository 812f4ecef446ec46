package orchestration

import (
	"context"
	"math"
	"time"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
	pauseGrowth  = 1.5 // each pause is so many times the one before
)

// pause lets time pass after try number n, counted from 0. Its length is partly
// random: whoever disturbs us may keep a rhythm, and we must not fall in step.
func (c *Client) pause(ctx context.Context, n int) error {
	d := min(float64(firstPause)*math.Pow(pauseGrowth, float64(n)), float64(longestPause))
	return c.sleep(ctx, time.Duration(d*(1+c.random())/2))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
