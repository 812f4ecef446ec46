package orchestration

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Error is an answer with a status outside 2xx.
type Error struct {
	Method, Path string
	Status       int
	// Message holds the server's words on one line, whatever the body was;
	// empty when it had none beyond the status.
	Message string
	// Server is the address that answered, without a path.
	Server string

	form bodyForm
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
// routes-missing), and must not pass for an instance that is gone. A bare fault is
// StackStorm's: its address was given for the orchestrator's.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound && e.form != otherForm && e.form != faultForm
}

// Passing reports whether a failed read of an instance may succeed later, so that
// a wait for the run's end goes on until its deadline. Only a 404 of the
// orchestrator itself does not pass: the run is gone.
//
// The orchestrator answers such a read with 200, 404 or 500 (Routes). Any other
// status comes from something in between: a proxy that restarts, asks for a login
// or leads elsewhere. No answer at all, or no token for the moment, passes too.
func Passing(err error) bool { return err != nil && !IsNotFound(err) }

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
	server       string // its address without a path
	err          error
}

func (e *lostError) Error() string { return fmt.Sprintf("%s %s: %v", e.method, e.path, e.err) }
func (e *lostError) Unwrap() error { return e.err }

// ServerOf returns the address of the server that err is about; empty if err is
// about none.
func ServerOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Server
	}
	if e, ok := errors.AsType[*lostError](err); ok {
		return e.server
	}
	return ""
}

// IsForeign reports whether err is an answer that the orchestrator's API does not
// give: a page of a dashboard, for example.
func IsForeign(err error) bool { return errors.Is(err, errNotTheAPI) }

func serverAddress(u *url.URL) string { return u.Scheme + "://" + u.Host }

func newError(method, path string, resp *http.Response, raw []byte) *Error {
	e := &Error{Method: method, Path: path, Status: resp.StatusCode}
	if resp.Request != nil {
		e.Server = serverAddress(resp.Request.URL)
	}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		e.Message = "redirected"
		if to, err := resp.Location(); err == nil {
			e.Message = fmt.Sprintf("redirected to %s://%s, which is not followed; the endpoint may have to be another", to.Scheme, to.Host)
		}
		return e
	}
	var words string
	words, e.form = serverWords(raw)
	e.Message = condense(words)
	return e
}
