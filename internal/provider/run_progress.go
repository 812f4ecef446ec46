package provider

import (
	"fmt"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// progress reports what a run is doing: every change of its status, and the status
// once a minute, also while the orchestrator does not answer.
type progress struct {
	tell  func(string)
	run   string
	begun time.Time

	mu     sync.Mutex
	status orchestration.Status
	err    error // of the last poll
}

// reportProgress reports progress while wait runs. wait is given a function to
// call after every poll.
func reportProgress(run string, begun time.Time, tell func(string), wait func(seen func(*run.Run, error))) {
	p := &progress{run: run, begun: begun, tell: tell}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		p.everyMinute(done)
	}()
	wait(p.seen)
	close(done)
	<-ended
}

// seen notes what a poll brought.
func (p *progress) seen(now *run.Run, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
	if err == nil && now.Status != p.status {
		p.status = now.Status
		p.say()
	}
}

// everyMinute reports the status once a minute until done is closed.
func (p *progress) everyMinute(done <-chan struct{}) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			p.say()
			p.mu.Unlock()
		case <-done:
			return
		}
	}
}

// say needs p.mu.
func (p *progress) say() {
	text := fmt.Sprintf("%s: %s after %s", p.run, p.status, round(time.Since(p.begun)))
	if p.err != nil {
		text += fmt.Sprintf(" when last read. The latest read failed: %s", p.err)
	}
	p.tell(text)
}
