package stackstorm

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
)

// The states of the server as a whole.
const (
	stateUp          = "up"
	stateDown        = "down"         // connection refused
	stateRefuseLogin = "refuse-login" // somebody changed the password
	stateHTMLErrors  = "html-errors"  // a proxy answers 502
	stateHang        = "hang"         // never answers
)

// The kinds of calls that FailNext tells apart.
const (
	callLogin     = "login"
	callActions   = "actions" // the list
	callAction    = "action"
	callExecute   = "execute"
	callExecution = "execution"
	callOutput    = "output"
)

var callKinds = []string{callLogin, callActions, callAction, callExecute, callExecution, callOutput}

const badGateway = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

// Fault is an answer in place of the real one. The work is not done.
type Fault struct {
	Call   string // the kind of call: login, actions (the list), action, execute, execution or output
	Times  int    // how many calls to take; 0 = until recovered
	Status int    // with a body of its own kind: {"faultstring": ...}
	Body   string // instead of that
	HTML   bool   // a proxy's page instead of that
	Empty  bool   // no body at all
	Drop   bool   // no answer: the connection breaks
	Hang   bool   // no answer, and it does not break either
}

// armedFault is a fault with the number of calls that it has yet to take.
type armedFault struct {
	Fault
	left int
}

// SetState changes what every call meets. Calls that hang are cut off.
func (s *Server) SetState(state string) error {
	known := []string{stateUp, stateDown, stateRefuseLogin, stateHTMLErrors, stateHang}
	if !slices.Contains(known, state) {
		return fmt.Errorf("%q is no state of StackStorm: %s", state, strings.Join(known, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// FailNext makes calls of a kind meet f.
func (s *Server) FailNext(f Fault) error {
	if !slices.Contains(callKinds, f.Call) {
		return fmt.Errorf("%q is no kind of call: %s", f.Call, strings.Join(callKinds, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armedFault{f, f.Times})
	return nil
}

// Recover ends every fault and every state but up.
func (s *Server) Recover() {
	s.mu.Lock()
	s.faults = nil
	s.mu.Unlock()
	if err := s.SetState(stateUp); err != nil {
		panic(err) // "up" is a state
	}
}

// RoundTrip answers in process what a client of StackStorm asks.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	w, err := s.answer(req)
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

// ServeHTTP is the same for people; what breaks there breaks the connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := s.answer(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body.Bytes()); err != nil {
		return // the reader is gone
	}
}

// answer is the whole of a call, with what is wrong with the server.
func (s *Server) answer(r *http.Request) (*response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	state, changed, kind := s.state, s.changed, callKind(r)
	var fault *Fault
	if state == stateUp {
		fault = s.takeFault(kind)
	}
	s.mu.Unlock()

	w := &response{header: http.Header{}, status: http.StatusOK}
	switch {
	case state == stateDown:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case state == stateHang:
		return nil, s.hang(r, changed)
	case state == stateHTMLErrors:
		w.html(http.StatusBadGateway, badGateway)
	case state == stateRefuseLogin && kind == callLogin:
		w.fault(http.StatusUnauthorized, "Invalid or missing credentials")
	case fault != nil:
		return w, s.meet(fault, w, r, changed)
	default:
		s.handler.ServeHTTP(w, r)
	}
	return w, nil
}

// hang waits for the caller to go away, the state to change or the sandbox to
// end.
func (s *Server) hang(r *http.Request, changed <-chan struct{}) error {
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-changed:
	case <-s.ctx.Done():
	}
	return io.EOF
}

func (s *Server) meet(f *Fault, w *response, r *http.Request, changed <-chan struct{}) error {
	switch {
	case f.Hang:
		return s.hang(r, changed)
	case f.Drop:
		return io.EOF
	}
	f.write(w)
	return nil
}

func (s *Server) takeFault(kind string) *Fault {
	for i, f := range s.faults {
		if f.Call != kind {
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
	status := f.Status
	switch {
	case f.HTML && status == 0:
		w.html(http.StatusBadGateway, badGateway)
	case f.HTML:
		w.html(status, badGateway)
	case f.Empty:
		w.WriteHeader(max(status, http.StatusOK))
	case f.Body != "":
		w.header.Set("Content-Type", "application/json")
		w.WriteHeader(max(status, http.StatusOK))
		w.body.WriteString(f.Body)
	default:
		w.fault(status, http.StatusText(status))
	}
}

func callKind(r *http.Request) string {
	path := strings.Trim(r.URL.Path, "/")
	switch {
	case path == "auth/v1/tokens":
		return callLogin
	case path == "api/v1/actions":
		return callActions
	case strings.HasPrefix(path, "api/v1/actions/"):
		return callAction
	case path == "api/v1/executions" && r.Method == http.MethodPost:
		return callExecute
	case strings.HasSuffix(path, "/output"):
		return callOutput
	case strings.HasPrefix(path, "api/v1/executions/"):
		return callExecution
	}
	return ""
}

// response is a response in memory.
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

// fault is StackStorm's one form of an error.
func (a *response) fault(status int, text string) {
	writeJSON(a, status, map[string]string{"faultstring": text})
}
