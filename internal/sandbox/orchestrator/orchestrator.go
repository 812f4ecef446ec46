// Package orchestrator stands in for SODA's orchestration service. It answers
// as the real service was recorded to. It knows StackStorm by its HTTP API
// only.
package orchestrator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Server is the orchestration service. Its errors are exceptions that the real
// service does not catch. Each becomes a 500 page without a cause; only the log
// has the cause.
type Server struct {
	st2    *st2Client
	store  *store
	races  *races
	hotpot Address
	gelato Address
	log    *log.Logger
}

// Config holds what the orchestrator's configuration file says, and how the
// stand-in behaves.
type Config struct {
	StackStorm     http.RoundTripper
	User, Password string  // at StackStorm
	Hotpot, Gelato Address // the addresses that workflows are given

	Latency time.Duration // of a round trip to StackStorm
	Races   bool          // requests that overlap mix up their answers; see globals
	Seed    int64
	Now     func() time.Time
	Context context.Context // ends with the sandbox
	Log     *log.Logger
}

// New makes an orchestrator with an empty database.
func New(cfg Config) *Server {
	races := newRaces(cfg)
	return &Server{
		st2: &st2Client{
			transport: cfg.StackStorm, user: cfg.User, password: cfg.Password,
			ctx: cfg.Context, pause: races.roundTrip,
		},
		store: newStore(cfg.Now, seed.NewIDs(cfg.Seed)), races: races,
		hotpot: cfg.Hotpot, gelato: cfg.Gelato, log: cfg.Log,
	}
}

// Address is the address of a service in the configuration file. The port is a
// string there, and it stays one in the parameters of a workflow.
type Address struct{ Host, Port string }

// URL is the root of the service at that address.
func (a Address) URL() string { return "http://" + net.JoinHostPort(a.Host, a.Port) }

// view answers one route. An error is an exception that nobody caught.
type view func(*Server, *call) (answer, error)

// call is one request, with the values that the route's pattern took from its
// path.
type call struct {
	*http.Request
	tenant, id string
	raw        []byte // the body, once json has read it
}

// answer is a status with a value to send as JSON.
type answer struct {
	status int
	body   any
}

type route struct {
	pattern string
	views   map[string]view
}

var routes = []route{
	{"/v1beta/{tenant}/orchestration/services", map[string]view{
		http.MethodGet: (*Server).listServices, http.MethodPost: (*Server).addService,
	}},
	{"/v1beta/{tenant}/orchestration/services/{id}", map[string]view{
		http.MethodGet: (*Server).getService,
	}},
	{"/v1beta/{tenant}/orchestration/instances", map[string]view{
		http.MethodGet: (*Server).listInstances, http.MethodHead: noAnswer,
		http.MethodPost: (*Server).createInstance,
	}},
	{"/v1beta/{tenant}/orchestration/instances/{id}", map[string]view{
		http.MethodGet: (*Server).getInstance, http.MethodHead: noAnswer,
		http.MethodPut: (*Server).putInstance, http.MethodDelete: (*Server).deleteInstance,
	}},
	{"/v1beta/orchestration/instances/service/{id}", map[string]view{
		http.MethodGet: (*Server).listInstancesOfService,
	}},
	{"/v1beta/{tenant}/orchestration/tasks/{id}", map[string]view{
		http.MethodGet: (*Server).getTasks,
	}},
	{"/v1beta/orchestration/workflows", map[string]view{
		http.MethodGet: (*Server).listWorkflows,
	}},
}

// noAnswer answers HEAD on instances. The real view returns nothing for it,
// which Flask makes a 500 (quirk 41).
func noAnswer(*Server, *call) (answer, error) {
	return answer{}, errors.New("TypeError: the view function did not return a valid response")
}

// errBadRequest becomes the 400 page for a body that is not JSON (quirk 40).
var errBadRequest = errors.New("400 Bad Request")

func (o *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt, tenant, id, ok := match(r.URL.Path)
	if !ok {
		sendPage(w, http.StatusNotFound)
		return
	}
	v, ok := rt.views[r.Method]
	if !ok && r.Method == http.MethodHead {
		v, ok = rt.views[http.MethodGet]
	}
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", rt.allowed())
		w.Header().Set("Content-Type", htmlType)
	case !ok:
		w.Header().Set("Allow", rt.allowed())
		sendPage(w, http.StatusMethodNotAllowed)
	default:
		o.answer(w, v, &call{Request: r, tenant: tenant, id: id})
	}
}

func (o *Server) answer(w http.ResponseWriter, v view, c *call) {
	a, err := v(o, c)
	var text []byte
	if err == nil {
		text, err = encodeJSON(a.body)
	}
	switch {
	case errors.Is(err, errBadRequest):
		sendPage(w, http.StatusBadRequest)
	case err != nil:
		// The page has no cause; the log has it.
		o.log.Printf("  %s %s: %v", c.Method, c.URL.Path, err)
		sendPage(w, http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		w.Write(text) //nolint:errcheck // the client has gone
	}
}

// match finds the route of a path. It is not an http.ServeMux because Flask
// accepts a final slash everywhere, answers 404 for an empty element, and never
// redirects to a cleaned path.
func match(path string) (rt route, tenant, id string, ok bool) {
	elems := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, rt := range routes {
		if tenant, id, ok := rt.match(elems); ok {
			return rt, tenant, id, true
		}
	}
	return route{}, "", "", false
}

func (rt route) match(elems []string) (tenant, id string, ok bool) {
	want := strings.Split(rt.pattern, "/")
	if len(want) != len(elems) {
		return "", "", false
	}
	for i, w := range want {
		switch {
		case w == "{tenant}" && elems[i] != "":
			tenant = elems[i]
		case w == "{id}" && elems[i] != "":
			id = elems[i]
		case w != elems[i]:
			return "", "", false
		}
	}
	return tenant, id, true
}

func (rt route) allowed() string {
	methods := []string{http.MethodHead, http.MethodOptions}
	for m := range rt.views {
		if m != http.MethodHead {
			methods = append(methods, m)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// json reads the body as Flask 2.2 does. A content type other than JSON is the
// same 400 as a body that does not parse (quirk 40).
func (c *call) json() (any, error) {
	kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if kind != "application/json" && (!strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "+json")) {
		return nil, errBadRequest
	}
	var err error
	if c.raw, err = io.ReadAll(c.Body); err != nil {
		return nil, errBadRequest
	}
	v, err := decodeJSON(c.raw)
	if err != nil {
		return nil, errBadRequest
	}
	return v, nil
}

// decodeJSON keeps numbers as they are written: a 2.0 from StackStorm is passed
// on as 2.0.
func decodeJSON(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("JSONDecodeError: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("JSONDecodeError: extra data")
	}
	return v, nil
}

// encodeJSON writes JSON as Flask's jsonify does: keys sorted, on one line with
// a final newline, in ASCII.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	text := b.Bytes()
	if !slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }) {
		return text, nil
	}
	var ascii []byte
	for _, r := range string(text) {
		ascii = appendASCII(ascii, r)
	}
	return ascii, nil
}

func appendASCII(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(b, byte(r))
	case r > 0xffff:
		r -= 0x10000
		return fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	default:
		return fmt.Appendf(b, `\u%04x`, r)
	}
}

const htmlType = "text/html; charset=utf-8"

var explanations = map[int]string{
	http.StatusBadRequest:       "The browser (or proxy) sent a request that this server could not understand.",
	http.StatusNotFound:         "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
	http.StatusMethodNotAllowed: "The method is not allowed for the requested URL.",
	http.StatusInternalServerError: "The server encountered an internal error and was unable to complete your request. " +
		"Either the server is overloaded or there is an error in the application.",
}

// sendPage sends Flask's HTML page for a status (quirk 41).
func sendPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html>\n<html lang=en>\n<title>%d %[2]s</title>\n<h1>%[2]s</h1>\n<p>%[3]s</p>\n",
		status, http.StatusText(status), explanations[status])
}
