package hotpot

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

// route is one operation of the API.
type route struct {
	method  string
	path    []string // "{name}" stands for any element
	schema  bodySchema
	policy  access.Policy
	operate func(*call) (int, any, error)
}

func (h *Server) route(method, path string, schema bodySchema, policy access.Policy, operate func(*call) (int, any, error)) {
	elems := append([]string{"v1beta", "{tenant}"}, strings.Split(path, "/")...)
	h.routes = append(h.routes, route{method, elems, schema, policy, operate})
}

// kinds are what messages call the records behind a path.
var kinds = map[string]string{
	"volumes": "volume", "attachments": "volume attachment", "snapshots": "volume snapshot",
	"hosts": "host", "profiles": "profile", "pools": "pool", "docks": "dock",
}

// isList says whether the route lists records, a page at a time.
func (to route) isList() bool {
	return to.method == http.MethodGet && kinds[to.path[len(to.path)-1]] != ""
}

// matches returns what stands in the place of the names in braces.
func (to route) matches(method string, elems []string) (map[string]string, bool) {
	if method != to.method || len(elems) != len(to.path) {
		return nil, false
	}
	in := map[string]string{}
	for i, want := range to.path {
		name, isName := strings.CutPrefix(want, "{")
		switch {
		case elems[i] == "" || !isName && elems[i] != want:
			return nil, false
		case isName:
			in[strings.TrimSuffix(name, "}")] = elems[i]
		}
	}
	return in, true
}

//go:embed notfound.html
var notFoundPage string

// ServeHTTP does not use http.ServeMux: the real server cleans no paths, answers
// HEAD with a 404 (H9), and takes a final slash everywhere.
func (h *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	elems := strings.Split(strings.TrimPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/"), "/")
	if r.Method == http.MethodGet && len(elems) == 1 {
		h.version(w, r, elems[0])
		return
	}
	for _, to := range h.routes {
		if in, ok := to.matches(r.Method, elems); ok {
			h.serve(w, r, to, in)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(notFoundPage))
	}
}

type apiVersion struct {
	Description string `json:"description"`
	Name        string `json:"name"`
	Status      string `json:"status"`
	UpdatedAt   string `json:"updatedAt"`
}

// version tells of one version, or of all without a name. Only the latter needs
// no token.
func (h *Server) version(w http.ResponseWriter, r *http.Request, name string) {
	current := apiVersion{"v1beta version", "v1beta", "CURRENT", "2017-07-10T14:36:58.014Z"}
	if _, err := h.check.Identify(r, "", access.HotpotAdmin); err != nil && name != "" {
		h.answer(w, plainText, http.StatusUnauthorized, &apiError{http.StatusUnauthorized, err.Error()})
		return
	}
	switch name {
	case "":
		h.answer(w, jsonType, http.StatusOK, []apiVersion{current})
	case current.Name:
		h.answer(w, jsonType, http.StatusOK, current)
	default:
		h.answer(w, jsonType, http.StatusNotFound, &apiError{http.StatusNotFound, "can't find the version: " + name})
	}
}

// listFault is what the OpenAPI document has against the query of a list.
func listFault(query url.Values) string {
	for _, p := range []struct {
		name  string
		least float64
	}{{"limit", 1}, {"offset", 0}} {
		if !query.Has(p.name) {
			continue
		}
		text := query.Get(p.name)
		n, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
			return fmt.Sprintf("Parameter '%s' in query has an error: value %s: an invalid interger: %v", p.name, text, err)
		case n < p.least:
			return fmt.Sprintf("Parameter '%s' in query has an error: Number must be at least %v", p.name, p.least)
		}
	}
	if query.Has("sortDir") && !slices.Contains([]string{"asc", "desc"}, query.Get("sortDir")) {
		return "Parameter 'sortDir' in query has an error: JSON value is not one of the allowed values"
	}
	return ""
}
