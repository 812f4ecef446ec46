package stackstorm

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The kinds of calls that a fault can name.
const (
	callLogin     = "login"
	callActions   = "actions" // the list
	callAction    = "action"
	callExecute   = "execute"
	callExecution = "execution"
	callOutput    = "output"
	callFind      = "find" // the list of executions
	callCancel    = "cancel"
	callUpload    = "upload" // of an action that is made or changed
	callDelete    = "delete" // of an action
	callFile      = "file"   // the view of a pack's file
)

var callKinds = []string{
	callLogin, callActions, callAction, callExecute, callExecution, callOutput, callFind, callCancel, callUpload, callDelete, callFile,
}

const badGateway = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

// Fault is an answer in place of the real one. Without After the work is not
// done.
type Fault struct {
	// Call is the kind of call: login, actions (the list), action, execute,
	// execution, output, find (the list of executions), cancel, upload (of an
	// action), delete (of one) or file (of a pack); "" = every call.
	Call    string
	Outside bool          // only calls over the network: the orchestrator's go on
	Skip    int           // how many calls to let pass first
	Times   int           // how many calls to take; 0 = until Recover
	After   bool          // do the work first: only the answer is lost
	Do      func()        // called when a call is taken, with After when its work is done
	Latency time.Duration // wait so long

	// With none of these the answer is as usual, if the fault has Do or Latency.
	Status int    // of the answer {"faultstring": ...}; 0 = 500
	Body   string // instead of that answer
	HTML   bool   // a proxy's page instead of that answer; its status is 502 unless Status says otherwise
	Empty  bool   // no body at all
	Down   bool   // no answer: the connection is refused
	Drop   bool   // no answer: the connection breaks
	Hang   bool   // no answer, and it does not break either
}

// activeFault is a fault with the number of calls that it has yet to take.
type activeFault struct {
	Fault
	left int
}

// Fail makes calls meet f. Of several faults the one that was added first counts.
func (s *Server) Fail(f Fault) error {
	if f.Call != "" && !slices.Contains(callKinds, f.Call) {
		return fmt.Errorf("%q is not a kind of call: %s", f.Call, strings.Join(callKinds, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &activeFault{f, f.Times})
	return nil
}

// Calls lists the kind of every call so far, in the words of Fault.Call. It is
// "" for a call that no fault can name.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Recover ends every fault. Calls that hang are cut off.
func (s *Server) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	close(s.recovered)
	s.recovered = make(chan struct{})
}

// RoundTrip answers a request in process.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	w, err := s.answer(req, false)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status, Header: w.header, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(w.body.Len()), Body: io.NopCloser(&w.body),
	}, nil
}

// ServeHTTP does the same for people. A call without an answer breaks the
// connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := s.answer(r, true)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body.Bytes()); err != nil {
		return // the client has gone
	}
}

// answer makes the answer to a call, with the faults of the server.
func (s *Server) answer(r *http.Request, outside bool) (*response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	kind := callKind(r)
	s.mu.Lock()
	s.calls = append(s.calls, kind)
	fault, recovered := s.takeFault(kind, outside), s.recovered
	s.mu.Unlock()

	w := &response{header: http.Header{}, status: http.StatusOK}
	if fault != nil {
		if fault.After {
			s.handler.ServeHTTP(&response{header: http.Header{}}, r)
		}
		if fault.Do != nil {
			fault.Do()
		}
		if err := s.wait(fault.Latency, r, recovered); err != nil {
			return nil, err
		}
		if !fault.answersAsUsual() {
			return w, s.failWith(fault, w, r, recovered)
		}
	}
	s.handler.ServeHTTP(w, r)
	return w, nil
}

func (s *Server) failWith(f *Fault, w *response, r *http.Request, recovered <-chan struct{}) error {
	switch {
	case f.Down:
		return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case f.Drop:
		return io.EOF
	case f.Hang:
		return s.hang(r, recovered)
	}
	f.write(w)
	return nil
}

// answersAsUsual is true if nothing changes the answer.
func (f *Fault) answersAsUsual() bool {
	changes := f.Status != 0 || f.Body != "" || f.HTML || f.Empty || f.Down || f.Drop || f.Hang
	return !changes && (f.Latency > 0 || f.Do != nil)
}

// wait ends early as hang does.
func (s *Server) wait(d time.Duration, r *http.Request, recovered <-chan struct{}) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-recovered:
	case <-r.Context().Done():
		return r.Context().Err()
	case <-s.ctx.Done():
		return io.EOF
	}
	return nil
}

// hang waits for the caller to go away, for Recover, or for the end of the
// sandbox.
func (s *Server) hang(r *http.Request, recovered <-chan struct{}) error {
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-recovered:
	case <-s.ctx.Done():
	}
	return io.EOF
}

func (s *Server) takeFault(kind string, outside bool) *Fault {
	for i, f := range s.faults {
		if f.Call != "" && f.Call != kind || f.Outside && !outside {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.left == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		f.left--
		return &f.Fault
	}
	return nil
}

func (f *Fault) write(w *response) {
	switch {
	case f.HTML:
		w.html(cmp.Or(f.Status, http.StatusBadGateway), badGateway)
	case f.Empty:
		w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
	case f.Body != "":
		w.header.Set("Content-Type", "application/json")
		w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
		w.body.WriteString(f.Body)
	default:
		status := cmp.Or(f.Status, http.StatusInternalServerError)
		w.fault(status, http.StatusText(status))
	}
}

func callKind(r *http.Request) string {
	path := strings.Trim(r.URL.Path, "/")
	if kind := uploadCall(r.Method, path); kind != "" {
		return kind
	}
	switch {
	case path == "auth/v1/tokens":
		return callLogin
	case path == "api/v1/actions":
		return callActions
	case strings.HasPrefix(path, "api/v1/actions/"):
		return callAction
	case path == "api/v1/executions" && r.Method == http.MethodPost:
		return callExecute
	case path == "api/v1/executions":
		return callFind
	case strings.HasPrefix(path, "api/v1/executions/") && r.Method == http.MethodDelete:
		return callCancel
	case strings.HasSuffix(path, "/output"):
		return callOutput
	case strings.HasPrefix(path, "api/v1/executions/"):
		return callExecution
	}
	return ""
}

// response is an answer in memory.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *response) Header() http.Header         { return a.header }
func (a *response) WriteHeader(status int)      { a.status = status }
func (a *response) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *response) html(status int, page string) {
	a.header.Set("Content-Type", "text/html")
	a.status = status
	a.body.WriteString(page)
}

// fault is the form of StackStorm's errors.
func (a *response) fault(status int, text string) {
	writeJSON(a, status, map[string]string{"faultstring": text})
}
