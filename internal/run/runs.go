package run

import (
	"context"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// Runs starts runs and waits for them, on behalf of one configured provider.
type Runs struct {
	*Known
	api       *orchestration.Client
	fresh     func(ctx context.Context, life time.Duration) (ends time.Time, err error)
	pace      wait.Pace
	durations durations

	// starting is held while a run is looked for or started.
	starting chan struct{}
	listed   map[string]orchestration.Listing // by service; guarded by starting
}

// Config is what Runs works with.
type Config struct {
	API *orchestration.Client
	// Fresh makes sure that the token lives for as long as life, as far as
	// Keystone allows, and returns when it ends; zero if it does not.
	Fresh func(ctx context.Context, life time.Duration) (ends time.Time, err error)
	Pace  wait.Pace
	Known *Known
}

// New returns Runs without any run.
func New(c Config) *Runs {
	return &Runs{
		Known:     c.Known,
		api:       c.API,
		fresh:     c.Fresh,
		pace:      c.Pace,
		durations: newDurations(),
		starting:  make(chan struct{}, 1),
		listed:    map[string]orchestration.Listing{},
	}
}
