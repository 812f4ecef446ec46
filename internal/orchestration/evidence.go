package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	failuresAccepted          = 5  // 500s in a row that count as the answer
	failuresAcceptedForeign   = 20 // the same after another client's answer
	absencesAccepted          = 2  // 404s in a row that count as the answer
	absencesAcceptedContended = 3  // the same after a sign of other clients
)

// readEvidence is what the tries of one read of an instance have brought.
type readEvidence struct {
	id          string
	contended   *atomic.Bool // the client's
	verifyFirst bool         // this is one of the process's first reads

	foreignAnswers bool  // another client's answer was among them
	failures       int   // 500s in a row
	absences       int   // 404s in a row
	failure        error // the last of either
	final          *Instance
}

// accept takes note of the next answer and reports whether it is to be returned.
//
// An answer about another id, or about no instance, belongs to another client.
// It is never returned.
//
// A 500 may be a race, or may last for ever (quirks 26, 27 and 30). It counts when
// it is repeated, and needs more repetitions after another client's answer: then
// a race is more likely.
//
// By the server's code a 404 may be a race too. Trusting a wrong one would run a
// workflow twice, so it counts only when the next read says so as well.
//
// A final status and its output count only when two reads agree, if there was a
// sign of other clients. The signs are a foreign answer, a 500 or 404 that went
// away, and a request of our own that was cut short. That one goes on inside the
// server.
// The first reads of a process are treated alike: other clients may not have
// shown yet.
func (e *readEvidence) accept(in *Instance, err error) bool {
	switch {
	case IsNotFound(err):
		e.absences, e.failures, e.failure = e.absences+1, 0, err
		return e.absences >= either(e.contended.Load(), absencesAcceptedContended, absencesAccepted)
	case IsServerFault(err):
		e.failures, e.absences, e.failure = e.failures+1, 0, err
		return e.failures >= either(e.foreignAnswers, failuresAcceptedForeign, failuresAccepted)
	case err != nil:
		return true
	case in.ID != e.id:
		e.foreignAnswers = true
		e.contended.Store(true)
		e.failures, e.absences = 0, 0
		return false
	}
	if e.failure != nil {
		e.contended.Store(true)
	}
	e.failures, e.absences = 0, 0
	if !in.Status.Final() || !e.contended.Load() && !e.verifyFirst {
		return true
	}
	if e.final != nil && e.final.Status == in.Status && e.final.Output == in.Output {
		return true
	}
	e.final = in
	return false
}

func either(condition bool, yes, no int) int {
	if condition {
		return yes
	}
	return no
}

// untrusted is the error of a read that ended before an answer could be trusted.
func (e *readEvidence) untrusted(cause error) error {
	text := "reading instance " + url.PathEscape(e.id)
	if e.foreignAnswers {
		text += ": the server mixed our requests with those of others"
	}
	if e.failure != nil {
		cause = cutShort(cause, e.failure)
	}
	return fmt.Errorf("%s: %w", text, cause)
}

// cutShort is the error of tries that ended for cause, the last having brought
// last. A 404 is put into the words only: unconfirmed, it must not pass for one
// that counts.
func cutShort(cause, last error) error {
	if IsNotFound(last) {
		return fmt.Errorf("%w; last: %s", cause, last.Error())
	}
	return fmt.Errorf("%w; last: %w", cause, last)
}

const (
	// readPatience bounds the tries of one read. In the worst mix measured one
	// read in ten was right (Races), so bad luck alone does not reach it.
	readPatience = 5 * time.Minute

	firstReads = 3 // of a process, whose final status is read twice
)

var errPatience = errors.New("no answer could be trusted for " + readPatience.String())

// readUntilTrusted reads an instance until an answer can be trusted. Between two
// tries others may use the server.
func (c *Client) readUntilTrusted(ctx context.Context, id, serviceID string, read func() (*Instance, error)) (*Instance, error) {
	began := time.Now()
	lastList := began
	e := &readEvidence{id: id, contended: &c.contended, verifyFirst: c.reads.Add(1) <= firstReads}
	for n := 0; ; n++ {
		in, err := read()
		if err == nil {
			c.fallback.count(in.ID != id)
		}
		if e.accept(in, err) {
			return in, err
		}
		if c.fallback.worthwhile(serviceID, lastList) {
			if in := c.readFromLists(ctx, serviceID, e); in != nil {
				return in, nil
			}
			lastList = time.Now()
		}
		if time.Since(began) > readPatience {
			return nil, e.untrusted(errPatience)
		}
		if err := c.pause(ctx, n); err != nil {
			return nil, e.untrusted(err)
		}
	}
}

// IsServerFault reports whether the orchestrator answered with a 500. Of a read
// of a run that may mean a status that it cannot show, or an execution that
// StackStorm has deleted (quirks 26, 27).
func IsServerFault(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusInternalServerError
}

// decodeInstance gives an empty instance for JSON that is not one: like any
// without the right id, it counts as another client's answer.
func decodeInstance(raw json.RawMessage) *Instance {
	in := new(Instance)
	if json.Unmarshal(raw, in) != nil {
		return new(Instance)
	}
	return in
}
