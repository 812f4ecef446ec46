package gelato

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

// route is one operation of the API.
type route struct {
	method  string
	path    []string // below /v1; "{name}" stands for any element
	operate func(*call) (any, error)
}

func (g *Server) route(method, path string, operate func(*call) (any, error)) {
	g.routes = append(g.routes, route{method, strings.Split(path, "/"), operate})
}

// matches returns what stands in the place of the names in braces.
func (to route) matches(elems []string) (map[string]string, bool) {
	if len(elems) != len(to.path) {
		return nil, false
	}
	in := map[string]string{}
	for i, want := range to.path {
		name, isName := strings.CutPrefix(want, "{")
		switch {
		case !isName && elems[i] != want:
			return nil, false
		case isName:
			in[strings.TrimSuffix(name, "}")] = elems[i]
		}
	}
	return in, true
}

// call is one request of a caller who may make it.
type call struct {
	access.Caller
	id, bucket string // from the path
	query      url.Values
	body       []byte
}

// owns says whether the caller sees what belongs to a tenant.
func (c *call) owns(tenant string) bool { return c.Admin || c.Tenant == tenant }

// ServeHTTP finds the route before it looks at the token. A final slash is
// accepted everywhere, as the pack's actions send one.
func (g *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if clean := path.Clean(r.URL.Path); strings.TrimSuffix(r.URL.Path, "/") != strings.TrimSuffix(clean, "/") {
		http.Redirect(w, r, clean, http.StatusMovedPermanently)
		return
	}
	below, ok := strings.CutPrefix(r.URL.Path, "/v1")
	if !ok || below != "" && below[0] != '/' {
		refuse(w, &apiError{http.StatusNotFound, "404 page not found\n"})
		return
	}
	elems := strings.Split(strings.Trim(below, "/"), "/")
	known := false
	for _, to := range g.routes {
		in, ok := to.matches(elems)
		if !ok {
			continue
		}
		known = true
		if to.method != r.Method {
			continue
		}
		if status := mediaFault(r); status != 0 {
			break
		}
		g.serve(w, r, to, in)
		return
	}
	refuse(w, &apiError{missing(r, known), ""})
}

// missing is the status of a request that no route takes.
func missing(r *http.Request, known bool) int {
	switch {
	case !known:
		return http.StatusNotFound
	case r.Method == http.MethodHead || r.Method == http.MethodPatch || r.Method == http.MethodOptions:
		return http.StatusMethodNotAllowed
	}
	if status := mediaFault(r); status != 0 {
		return status
	}
	return http.StatusMethodNotAllowed
}

// mediaFault is the status for what the API does not speak (G7); 0 for JSON.
func mediaFault(r *http.Request) int {
	accept := r.Header.Get("Accept")
	if accept != "" && !strings.Contains(accept, "*/*") && !strings.Contains(accept, "application/json") {
		return http.StatusNotAcceptable
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	writes := slices.Contains([]string{http.MethodPost, http.MethodPut}, r.Method) && !strings.HasPrefix(r.URL.Path, "/v1/s3")
	switch {
	case !writes || media == "application/json":
		return 0
	case media == "":
		return http.StatusNotAcceptable
	}
	return http.StatusUnsupportedMediaType
}

// serve asks for the token only. With Keystone, the project in the path counts
// for nothing (G8).
func (g *Server) serve(w http.ResponseWriter, r *http.Request, to route, in map[string]string) {
	who, err := g.check.Identify(r, in["tenant"], access.GelatoAdmin)
	if err != nil {
		refuse(w, &apiError{http.StatusUnauthorized, err.Error()})
		return
	}
	if g.check == nil {
		who.User = "userId"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // nobody is left to answer
	}

	g.mu.Lock()
	defer g.mu.Unlock()
	answer, err := to.operate(&call{Caller: who, id: in["id"], bucket: in["bucket"], query: r.URL.Query(), body: body})
	if refusal, ok := errors.AsType[*apiError](err); ok {
		refuse(w, refusal)
		return
	}
	if document, ok := answer.(xmlAnswer); ok {
		document.write(w, http.StatusOK)
		return
	}
	text, _ := json.MarshalIndent(answer, "", " ") // of our own types, which all can be
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // the client may have left
}

// refuse sends the words of a service, or those of the router where it has none.
func refuse(w http.ResponseWriter, refusal *apiError) {
	text := refusal.text
	switch {
	case text != "" || refusal.status == http.StatusBadRequest:
	case refusal.status == http.StatusNotFound:
		text = "404: Page Not Found"
	default:
		text = strconv.Itoa(refusal.status) + ": " + http.StatusText(refusal.status)
	}
	if text != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(refusal.status)
	_, _ = io.WriteString(w, text) // the client may have left
}
