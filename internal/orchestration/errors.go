package orchestration

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Error is an answer with a status outside 2xx.
type Error struct {
	Method, Path string
	Status       int
	// Message holds the server's words on one line, whatever the body was;
	// empty when it had none beyond the status.
	Message string

	// own says that the body has a form the orchestrator itself uses, so that
	// it is not some proxy's, or the page for an unknown route.
	own bool
}

func (e *Error) Error() string {
	name := http.StatusText(e.Status)
	text := strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, name))
	if e.Message != "" && e.Message != name {
		text += ": " + e.Message
	}
	return text
}

// IsNotFound reports whether the orchestrator itself said that there is no such
// thing. A 404 in HTML is from a wrong endpoint or a proxy (recording
// routes-missing), and must not pass for an instance that is gone.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound && e.own
}

// Ambiguous reports whether a failed CreateInstance may have started a run
// nevertheless: no answer came, it could not be read, or it was a 5xx (quirks 16,
// 17 and 24). Any other status, a connection that was never made and a
// request that never left the queue have started nothing.
func Ambiguous(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status >= 500
	}
	lost, ok := errors.AsType[*lostError](err)
	return ok && !neverArrived(lost.err)
}

// neverArrived reports whether err proves that the request did not reach
// the server.
func neverArrived(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	return untrusted(err)
}

// lostError is a request that was handed to the network and brought no answer
// that could be used.
type lostError struct {
	method, path string
	err          error
}

func (e *lostError) Error() string { return fmt.Sprintf("%s %s: %v", e.method, e.path, e.err) }
func (e *lostError) Unwrap() error { return e.err }

func newError(method, path string, resp *http.Response, raw []byte) *Error {
	e := &Error{Method: method, Path: path, Status: resp.StatusCode}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		e.Message = "redirected"
		if to, err := resp.Location(); err == nil {
			e.Message = fmt.Sprintf("redirected to %s://%s, which is not followed; the endpoint may have to be another", to.Scheme, to.Host)
		}
		return e
	}
	var words string
	words, e.own = serverWords(raw)
	e.Message = condense(words)
	return e
}
