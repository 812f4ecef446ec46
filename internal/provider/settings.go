package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

const (
	strategyKeystone = "keystone"
	strategyNoAuth   = "noauth"

	mostRetries    = 20
	mostConcurrent = 64
)

// settings are the provider's arguments, or the environment where they are not set.
type settings struct {
	// unknown names the arguments that are not known before apply. If there are any,
	// the other fields are not set.
	unknown []string

	endpoint       *url.URL
	block          lookupEndpoint
	multicloud     lookupEndpoint
	tenantID       string // empty: the project of the token
	noAuth         bool
	login          keystone.Options
	tls            *tls.Config
	requestTimeout time.Duration
	maxRetries     int
	maxConcurrent  int
	pace           wait.Pace

	stackStorm stackStormSettings
}

// resolver reads arguments one by one: from the configuration, and if they are not
// set from the environment. It collects what is unknown or wrong.
type resolver struct {
	getenv  func(string) string
	unknown []string
	diags   diag.Diagnostics
}

func (r *resolver) known(argument string, v attr.Value) bool {
	if v.IsUnknown() {
		r.unknown = append(r.unknown, argument)
	}
	return !v.IsUnknown() && !v.IsNull()
}

func (r *resolver) string(argument string, v types.String, variables ...string) string {
	if r.known(argument, v) {
		return r.clean(argument, v.ValueString(), variables...)
	}
	return r.fallback(v, variables...)
}

// fallback returns the environment's value for an argument that is not set. An
// unknown argument has none, since it will be set.
func (r *resolver) fallback(v attr.Value, variables ...string) string {
	if v.IsUnknown() {
		return ""
	}
	return r.env(variables...)
}

func (r *resolver) env(variables ...string) string {
	for _, name := range variables {
		if s := r.getenv(name); s != "" {
			return s
		}
	}
	return ""
}

func (r *resolver) bool(argument string, v types.Bool, variable string) bool {
	if r.known(argument, v) {
		return v.ValueBool()
	}
	s := r.fallback(v, variable)
	if s == "" {
		return false
	}
	b, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		r.invalid(argument, fmt.Sprintf("%q must be true or false.", s), variable)
	}
	return b
}

func (r *resolver) int(argument string, v types.Int64, variable string, preset, lowest, highest int) int {
	if r.known(argument, v) {
		return int(v.ValueInt64())
	}
	s := r.fallback(v, variable)
	if s == "" {
		return preset
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lowest || n > highest {
		r.invalid(argument, fmt.Sprintf("%q must be a whole number from %d to %d.", s, lowest, highest), variable)
	}
	return n
}

func (r *resolver) duration(argument string, v timetypes.GoDuration, variable string, preset time.Duration) time.Duration {
	s := v.ValueString()
	if !r.known(argument, v) {
		s = r.fallback(v, variable)
	}
	if s == "" {
		return preset
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		r.invalid(argument, fmt.Sprintf("%q must be a positive duration, such as 30s.", s), variable)
		return preset
	}
	return d
}

func (r *resolver) invalid(argument, detail string, variables ...string) {
	r.diags.AddAttributeError(argumentPath(argument), "Invalid provider setting", fmt.Sprintf("%s Check %s.", detail, setting(argument, variables...)))
}

func (r *resolver) missing(argument, what string, variables ...string) {
	r.diags.AddAttributeError(argumentPath(argument), "Missing provider setting", fmt.Sprintf("%s Set %s.", what, setting(argument, variables...)))
}

// settings resolves everything and reports all that is missing or
// contradictory at once. It needs no network.
func (m *providerModel) settings(ctx context.Context, getenv func(string) string) (settings, diag.Diagnostics) {
	getenv = trimmedEnv(getenv)
	s, diags := m.orchestratorSettings(ctx, getenv)
	connection, more := m.stackStormSettings(ctx, getenv)
	s.stackStorm = connection
	return s, append(diags, more...)
}

func (m *providerModel) orchestratorSettings(ctx context.Context, getenv func(string) string) (settings, diag.Diagnostics) {
	r := &resolver{getenv: getenv}
	s := settings{
		requestTimeout: r.duration("request_timeout", m.RequestTimeout, "SODA_REQUEST_TIMEOUT", time.Minute),
		maxRetries:     r.int("max_retries", m.MaxRetries, "SODA_MAX_RETRIES", 4, 0, mostRetries),
		maxConcurrent:  r.int("max_concurrent_requests", m.MaxConcurrentRequests, "SODA_MAX_CONCURRENT_REQUESTS", 4, 1, mostConcurrent),
		pace:           m.pace(ctx, r),
	}
	strategy := r.string("auth_strategy", m.AuthStrategy, "SODA_AUTH_STRATEGY", "OPENSDS_AUTH_STRATEGY")
	endpoint := r.string("endpoint", m.Endpoint, "SODA_ENDPOINT")
	s.tenantID = r.tenant(m.TenantID)
	s.block = r.lookupEndpoint(hotpotServer, m.BlockEndpoint)
	s.multicloud = r.lookupEndpoint(gelatoServer, m.MulticloudEndpoint)
	login := m.configuredLogin(r)
	certificates := m.certificates(r)
	s.unknown = r.unknown
	if len(s.unknown) > 0 || r.diags.HasError() {
		return s, r.diags
	}

	s.resolveEndpoint(r, endpoint)
	if s.tenantID == "" && login.ProjectID+login.ProjectName+login.Cloud+login.ApplicationCredentialID+login.ApplicationCredentialName == "" {
		if !keystone.ChoosesApplicationCredential(r.getenv) { // which has a project of its own
			s.tenantID = r.env("OS_PROJECT_ID") // unless the configuration chooses the project itself
		}
	}
	switch strategy {
	case "", strategyKeystone:
		s.resolveLogin(r, login)
		certificates.Cloud = s.login.CloudTLS
	case strategyNoAuth:
		s.noAuth = true
		if s.tenantID == "" {
			r.missing("tenant_id", "tenant_id is required with auth_strategy = \"noauth\".", "SODA_TENANT_ID", "OPENSDS_TENANT_ID", "OS_PROJECT_ID")
		}
	default:
		r.invalid("auth_strategy", fmt.Sprintf("%q must be %q or %q.", strategy, strategyKeystone, strategyNoAuth), "SODA_AUTH_STRATEGY", "OPENSDS_AUTH_STRATEGY")
	}
	var err error
	if s.tls, err = keystone.TLSConfig(certificates); err != nil {
		r.problem(err, "ca_cert_file")
	}
	return s, r.diags
}

// tenant reads the tenant's id, which is an element of most paths.
func (r *resolver) tenant(v types.String) string {
	id := r.string("tenant_id", v, "SODA_TENANT_ID", "OPENSDS_TENANT_ID")
	if id != "" && (idProblem(id) != "" || strings.Contains(id, "/")) {
		r.invalid("tenant_id", fmt.Sprintf("%q cannot be the id of a tenant.", id), "SODA_TENANT_ID", "OPENSDS_TENANT_ID")
	}
	return id
}

func (s *settings) resolveEndpoint(r *resolver, endpoint string) {
	if endpoint == "" {
		r.missing("endpoint", "The orchestrator's address is needed, for example http://soda.example.com:5000.", "SODA_ENDPOINT")
		return
	}
	root, err := orchestration.Root(endpoint)
	if err != nil {
		r.invalid("endpoint", upper(sentence(err.Error())), "SODA_ENDPOINT")
	}
	s.endpoint = root
}

func (m *providerModel) pace(ctx context.Context, r *resolver) wait.Pace {
	var p struct {
		Min timetypes.GoDuration `tfsdk:"min"`
		Max timetypes.GoDuration `tfsdk:"max"`
	}
	if r.known("poll_interval", m.PollInterval) {
		r.diags.Append(m.PollInterval.As(ctx, &p, basetypes.ObjectAsOptions{})...)
	}
	shortest := r.duration("poll_interval", p.Min, "SODA_POLL_INTERVAL_MIN", 0)
	longest := r.duration("poll_interval", p.Max, "SODA_POLL_INTERVAL_MAX", 0)
	switch {
	case shortest == 0: // the default is lowered to a given max
		shortest = min(500*time.Millisecond, cmp.Or(longest, time.Hour))
		longest = cmp.Or(longest, 15*time.Second)
	case longest == 0:
		longest = max(15*time.Second, shortest)
	case longest < shortest:
		r.invalid("poll_interval", fmt.Sprintf("min (%s) is above max (%s).", shortest, longest), "SODA_POLL_INTERVAL_MIN", "SODA_POLL_INTERVAL_MAX")
	}
	return wait.Pace{Min: shortest, Max: longest}
}

// certificates reads the TLS arguments. ca_cert_pem comes before OS_CACERT.
func (m *providerModel) certificates(r *resolver) keystone.TLSOptions {
	o := keystone.TLSOptions{
		CACertPEM:          r.string("ca_cert_pem", m.CACertPEM),
		ClientCertFile:     r.string("client_cert_file", m.ClientCertFile, "OS_CERT"),
		ClientKeyFile:      r.string("client_key_file", m.ClientKeyFile, "OS_KEY"),
		InsecureSkipVerify: r.bool("insecure_skip_verify", m.InsecureSkipVerify, "OS_INSECURE"),
	}
	if o.CACertPEM == "" {
		o.CACertFile = r.string("ca_cert_file", m.CACertFile, "OS_CACERT")
	}
	if o.InsecureSkipVerify {
		r.diags.AddAttributeWarning(path.Root("insecure_skip_verify"), "Server certificates are not checked",
			"Anybody between here and the orchestrator or Keystone can read and change what is sent, the password included. "+
				"Name the authority's certificate in ca_cert_file instead.")
	}
	return o
}

// secrets are the settings that no message may show.
func (s *settings) secrets() []string {
	return []string{
		s.login.Password, s.login.Token, s.login.ApplicationCredentialSecret,
		s.stackStorm.apiKey, s.stackStorm.password,
		base64.StdEncoding.EncodeToString([]byte(s.stackStorm.username + ":" + s.stackStorm.password)),
	}
}
