package provider

import (
	"fmt"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// progress tells what a run is doing: every change of its status, and a sign
// of life a minute, also while the orchestrator does not answer.
type progress struct {
	tell  func(string)
	run   string
	begun time.Time

	mu     sync.Mutex
	status orchestration.Status
	err    error // of the last look
}

// reportProgress reports progress while wait runs. wait is given a function to
// call after every poll.
func reportProgress(run string, begun time.Time, tell func(string), wait func(seen func(*orchestration.Instance, error))) {
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
func (p *progress) seen(inst *orchestration.Instance, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
	if err == nil && inst.Status != p.status {
		p.status = inst.Status
		p.say()
	}
}

// everyMinute gives signs of life until done is closed.
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
		text += fmt.Sprintf(" when last seen; the last read failed: %s", p.err)
	}
	p.tell(text)
}
