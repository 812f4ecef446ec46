package run

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// Runs starts runs and waits for them, for one configured provider.
type Runs struct {
	*Known
	api       *orchestration.Client
	st2       *stackstorm.Client // nil without a connection
	fresh     func(ctx context.Context, life time.Duration) (ends time.Time, err error)
	pace      wait.Pace
	findPause time.Duration // between two looks for the execution of a start
	listPause time.Duration // between two tries of the list before a start
	batch     *statusBatch
	durations durations
	reads     atomic.Int64 // by waits that worked

	// starting is held while a run is looked for or started by the list.
	starting chan struct{}
	listed   map[string]orchestration.Listing // by service; guarded by starting
}

// Config is what Runs works with.
type Config struct {
	API *orchestration.Client
	// StackStorm is the optional connection; nil without one.
	StackStorm *stackstorm.Client
	// Fresh makes sure that the token is valid for life, as far as Keystone allows.
	// It returns when the token expires, or zero if it does not.
	Fresh func(ctx context.Context, life time.Duration) (ends time.Time, err error)
	Pace  wait.Pace
	Known *Known
}

// New returns Runs without any run.
func New(c Config) *Runs {
	tick := min(max(batchTick, c.Pace.Min), max(c.Pace.Max, time.Millisecond))
	return &Runs{
		Known:     c.Known,
		api:       c.API,
		st2:       c.StackStorm,
		fresh:     c.Fresh,
		pace:      c.Pace,
		findPause: min(findPause, tick),
		listPause: time.Second,
		batch:     &statusBatch{st2: c.StackStorm, tick: tick, waiting: map[string][]chan batchAnswer{}},
		durations: newDurations(),
		starting:  make(chan struct{}, 1),
		listed:    map[string]orchestration.Listing{},
	}
}
