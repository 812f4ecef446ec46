package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/gelato"
	"github.com/sodafoundation/terraform-provider-soda/internal/hotpot"
	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// lookupServer is a server that nothing but look-ups ask.
type lookupServer struct {
	name      string
	argument  string
	variables []string
	path      string // of the API's root, where the endpoint has none
	example   string
	behind    string // what is often down when it fails
}

var (
	hotpotServer = lookupServer{
		name: "hotpot", argument: "block_endpoint", variables: []string{"SODA_BLOCK_ENDPOINT", "OPENSDS_ENDPOINT"},
		path: "/v1beta", example: "http://soda.example.com:50040", behind: "its controller or its store, etcd,",
	}
	gelatoServer = lookupServer{
		name: "gelato", argument: "multicloud_endpoint", variables: []string{"SODA_MULTICLOUD_ENDPOINT"},
		path: "/v1", example: "http://soda.example.com:8089", behind: "one of the services behind it",
	}
)

func (l lookupServer) place() string { return setting(l.argument, l.variables...) }

// lookupEndpoint is where such a server is.
type lookupEndpoint struct {
	root    *url.URL // nil where it was not given
	unknown bool
}

// lookupEndpoint takes an endpoint without asking for it: most configurations
// need none. One that is not known yet is nobody's affair but the look-ups'.
func (r *resolver) lookupEndpoint(server lookupServer, v types.String) lookupEndpoint {
	if v.IsUnknown() {
		return lookupEndpoint{unknown: true}
	}
	endpoint := v.ValueString()
	if v.IsNull() {
		endpoint = r.env(server.variables...)
	}
	if endpoint == "" {
		return lookupEndpoint{}
	}
	root, err := orchestration.Root(endpoint) // the rules are the same
	if err != nil {
		r.invalid(server.argument, upper(sentence(err.Error())), server.variables...)
		return lookupEndpoint{}
	}
	if given, err := url.Parse(endpoint); err == nil && strings.Trim(given.Path, "/") == "" {
		root.Path = server.path
	}
	return lookupEndpoint{root: root}
}

// lookups are the clients for look-ups, each made when first asked for.
type lookups struct {
	block      *hotpot.Client
	multicloud *gelato.Client
}

// block returns the client of hotpot.
func (s *session) block(ctx context.Context) (*hotpot.Client, error) {
	tenantID, err := s.readyFor(ctx, hotpotServer, func(set settings) lookupEndpoint { return set.block })
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookups.block == nil {
		root := s.settings.block.root
		s.lookups.block = hotpot.New(hotpot.Config{
			BaseURL: root, TenantID: tenantID, HTTP: s.checkedHTTP(root),
			RequestTimeout: s.settings.requestTimeout, MaxRetries: s.settings.maxRetries, Log: s.store.logLookup(hotpotServer),
		})
	}
	return s.lookups.block, nil
}

// multicloud returns the client of gelato.
func (s *session) multicloud(ctx context.Context) (*gelato.Client, error) {
	tenantID, err := s.readyFor(ctx, gelatoServer, func(set settings) lookupEndpoint { return set.multicloud })
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookups.multicloud == nil {
		root := s.settings.multicloud.root
		s.lookups.multicloud = gelato.New(gelato.Config{
			BaseURL: root, TenantID: tenantID, HTTP: s.checkedHTTP(root),
			RequestTimeout: s.settings.requestTimeout, MaxRetries: s.settings.maxRetries, Log: s.store.logLookup(gelatoServer),
		})
	}
	return s.lookups.multicloud, nil
}

// readyFor logs in where that has not been done yet, and tells for which tenant.
func (s *session) readyFor(ctx context.Context, server lookupServer, endpoint func(settings) lookupEndpoint) (tenantID string, err error) {
	_, acc, err := s.api(ctx)
	if err != nil {
		return "", err
	}
	switch at := endpoint(s.settings); {
	case at.unknown:
		return "", &unknownSettingsError{[]string{server.argument}}
	case at.root == nil:
		return "", fmt.Errorf("the provider does not know where %s is. Set %s, for example to %s", server.name, server.place(), server.example)
	}
	return acc.tenantID, nil
}

// checkedHTTP carries the token to a server that checks it. It needs s.mu.
func (s *session) checkedHTTP(root *url.URL) *http.Client {
	return &http.Client{Transport: &keystone.CheckedTransport{Source: s.tokens, Base: newTransport(s.settings.tls), Host: root.String()}}
}

// lookupError is an error of a look-up, with the server that was asked.
type lookupError struct {
	server lookupServer
	err    error
}

func (e *lookupError) Error() string { return e.err.Error() }
func (e *lookupError) Unwrap() error { return e.err }

// asked says which server an error comes from; nil stays nil.
func asked(server lookupServer, err error) error {
	if err == nil {
		return nil
	}
	return &lookupError{server, err}
}

// addLookupError reports an error of a look-up on the argument that is to blame
// for it, if one is.
func addLookupError(diags *diag.Diagnostics, at path.Path, summary string, err error) {
	diags.AddAttributeError(at, summary, upper(detailOf(err)))
}

// status is that of the server's answer; 0 if there was none.
func (e *lookupError) status() int {
	if api, ok := errors.AsType[*hotpot.Error](e.err); ok {
		return api.Status
	}
	if api, ok := errors.AsType[*gelato.Error](e.err); ok {
		return api.Status
	}
	return 0
}

// advice says what to do about it.
func (e *lookupError) advice() string {
	name := upper(e.server.name)
	switch status := e.status(); {
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("\n\n%s does not accept the token. It must be of the same Keystone that %s checks tokens at; with auth_strategy = \"noauth\", %s must be installed without authentication too.",
			name, e.server.name, e.server.name)
	case status == http.StatusForbidden:
		return fmt.Sprintf("\n\n%s refuses this to the token's user. Check that %s is the project of the token.", name, setting("tenant_id", "SODA_TENANT_ID", "OPENSDS_TENANT_ID", "OS_PROJECT_ID"))
	case status == http.StatusNotFound || status/100 == 3:
		return fmt.Sprintf("\n\nCheck that %s is %s, such as %s.", e.server.place(), name, e.server.example)
	case status >= http.StatusInternalServerError:
		return fmt.Sprintf("\n\nThe log of %s says more. Often %s is down.", e.server.name, e.server.behind)
	case status != 0:
		return ""
	}
	return connectionAdvice(e.err, name, e.server.place())
}

// catalogue is what look-ups by name choose from.
type catalogue[T any] struct {
	one, many string // "host", "hosts"
	rows      []T
	name, id  func(T) string
	more      func(T) string // what else tells a row from others; may be ""
}

const mostListed = 20 // rows that an error names

// choose returns the one row of a name. The error lists what there is.
func (c catalogue[T]) choose(name string) (*T, error) {
	var found []T
	var names []string
	for _, r := range c.sorted() {
		names = append(names, c.name(r))
		if c.name(r) == name {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return &found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("%d %s are called %q: %s; give id", len(found), c.many, name, c.list(found, c.withoutName))
	case len(c.rows) == 0:
		return nil, fmt.Errorf("there is no %s %q; the tenant has no %s at all", c.one, name, c.many)
	}
	near := ""
	if s := workflow.Suggest(name, names); s != "" {
		near = fmt.Sprintf("Did you mean %q? ", s)
	}
	return nil, fmt.Errorf("there is no %s %q. %sThere are: %s", c.one, name, near, c.list(c.sorted(), c.withName))
}

func (c catalogue[T]) withName(r T) string {
	return fmt.Sprintf("%q (%s)", c.name(r), strings.Join(nonEmpty(c.id(r), c.more(r)), ", "))
}

func (c catalogue[T]) withoutName(r T) string {
	if more := c.more(r); more != "" {
		return fmt.Sprintf("%s (%s)", c.id(r), more)
	}
	return c.id(r)
}

func (c catalogue[T]) list(rows []T, spell func(T) string) string {
	var texts []string
	for _, r := range rows[:min(len(rows), mostListed)] {
		texts = append(texts, spell(r))
	}
	text := strings.Join(texts, ", ")
	if more := len(rows) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// sorted are the rows by name, then id.
func (c catalogue[T]) sorted() []T {
	return slices.SortedFunc(slices.Values(c.rows), func(a, b T) int {
		return cmp.Or(cmp.Compare(c.name(a), c.name(b)), cmp.Compare(c.id(a), c.id(b)))
	})
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// textOrNull is null where the server left something out.
func textOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
