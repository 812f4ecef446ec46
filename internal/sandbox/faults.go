package sandbox

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault makes the requests that match its Method and Path go wrong. If several
// faults match, the one that was added first counts.
//
// A fault first calls Do, then waits for Latency and Gate. Then it does the
// first of Hang, Drop and Status that is set. With none of them the request is
// answered as usual.
type Fault struct {
	Method      string // "" = any
	Path        string // a regular expression on the URL's path; "" = any
	Skip        int    // how many requests to let pass first
	Times       int    // how many requests to take; 0 = until removed
	Status      int    // answer with this status, Body and ContentType
	Body        string
	ContentType string          // "" = text/html, as of a proxy
	After       bool            // do the work first: only the answer is lost
	Do          func()          // called when a request is taken, with After when its work is done
	Drop        bool            // cut the connection
	Hang        bool            // no answer until the client goes away
	Latency     time.Duration   // wait so long
	Gate        <-chan struct{} // wait until it can be received from
}

// faults holds the faults of one server.
type faults struct {
	done <-chan struct{} // closed at the sandbox's end, which ends every wait

	mu   sync.Mutex
	list []*activeFault
}

type activeFault struct {
	Fault
	path *regexp.Regexp
	left int
}

// add panics if Path is not a regular expression.
func (f *faults) add(fault Fault) (remove func()) {
	a := &activeFault{Fault: fault, path: regexp.MustCompile(fault.Path), left: fault.Times}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, a)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.list = slices.DeleteFunc(f.list, func(b *activeFault) bool { return a == b })
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// take returns the fault that matches a request, if any, and counts the
// request.
func (f *faults) take(r *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.list {
		if a.Method != "" && !strings.EqualFold(a.Method, r.Method) || !a.path.MatchString(r.URL.Path) {
			continue
		}
		if a.Skip > 0 {
			a.Skip--
			continue
		}
		if a.left == 1 {
			f.list = slices.Delete(f.list, i, i+1)
		}
		a.left--
		return a.Fault, true
	}
	return Fault{}, false
}

// wait goes on if the client has gone, since a server works on too.
func (f *faults) wait(fault Fault) {
	if fault.Latency > 0 {
		t := time.NewTimer(fault.Latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-f.done:
		}
	}
	if fault.Gate != nil {
		select {
		case <-fault.Gate:
		case <-f.done:
		}
	}
}

// hang waits until the client goes away or the server is closed. The body must
// be read first: without that the server does not notice that the client has
// gone.
func hang(r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	<-r.Context().Done()
}

// handler puts the faults before a server.
func (f *faults) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, ok := f.take(r)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		answer := func() { next.ServeHTTP(w, r) }
		if fault.After {
			held := serve(next, r)
			answer = func() { held.copyTo(w) }
		}
		if fault.Do != nil {
			fault.Do()
		}
		f.wait(fault)
		switch {
		case fault.Hang:
			hang(r)
			panic(http.ErrAbortHandler)
		case fault.Drop:
			panic(http.ErrAbortHandler)
		case fault.Status != 0:
			fault.send(w)
		default:
			answer()
		}
	})
}

func (f Fault) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", cmp.Or(f.ContentType, "text/html; charset=utf-8"))
	w.WriteHeader(f.Status)
	io.WriteString(w, f.Body)
}

// heldAnswer is an answer that has not been sent yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// serve calls a handler and keeps its answer.
func serve(h http.Handler, r *http.Request) *heldAnswer {
	held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(held, r)
	return held
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func (h *heldAnswer) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	io.WriteString(w, h.body.String())
}

func (h *heldAnswer) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: http.StatusText(h.status), StatusCode: h.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h.header, Body: io.NopCloser(&h.body), ContentLength: int64(h.body.Len()), Request: r,
	}
}
