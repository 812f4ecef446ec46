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

// Fault is misbehaviour on request. It takes the requests that its Method and
// Path match; of several faults the one that was added first. It waits for
// Latency and Gate, if set, and then does the first of Hang, Drop and Status
// that is set; with none of them the request is answered as usual.
type Fault struct {
	Method      string // "" = any
	Path        string // a regular expression on the URL's path; "" = any
	Times       int    // how many requests to take; 0 = until removed
	Status      int    // answer with this status, Body and ContentType
	Body        string
	ContentType string          // "" = text/html, as of a proxy
	After       bool            // do the work first: only the answer is lost
	Drop        bool            // cut the connection
	Hang        bool            // no answer until the client goes away
	Latency     time.Duration   // wait so long
	Gate        <-chan struct{} // wait until it can be received from
}

// faults holds the faults of one server.
type faults struct {
	done <-chan struct{} // the sandbox's end; lets go of whatever waits

	mu   sync.Mutex
	list []*armed
}

type armed struct {
	Fault
	path *regexp.Regexp
	left int
}

// add panics if Path is no regular expression.
func (f *faults) add(fault Fault) (remove func()) {
	a := &armed{Fault: fault, path: regexp.MustCompile(fault.Path), left: fault.Times}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, a)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.list = slices.DeleteFunc(f.list, func(b *armed) bool { return a == b })
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// take returns the fault a request meets, if any, and counts it.
func (f *faults) take(r *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.list {
		if a.Method != "" && !strings.EqualFold(a.Method, r.Method) || !a.path.MatchString(r.URL.Path) {
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

// wait does not look at the client: a server works on for one that has gone.
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

// hang ends with the client, whose going the server only notices once the body
// has been read, or with the server.
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

// heldAnswer is an answer that has not been sent.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// serve lets a handler answer in process.
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
