package provider

import (
	"context"
	"crypto/tls"
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
)

// settings are the provider's arguments with the environment behind them.
type settings struct {
	// unknown names the arguments whose value another resource has yet to
	// give. While there are any, nothing else here may be relied on.
	unknown []string

	endpoint       *url.URL
	tenantID       string // empty: the project of the token
	noAuth         bool
	login          keystone.Options
	tls            *tls.Config
	requestTimeout time.Duration
	maxRetries     int
	maxConcurrent  int
	pace           wait.Pace
}

// resolver reads arguments one by one: configuration first, then the
// environment, and takes note of what is unknown or wrong.
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

func (r *resolver) text(argument string, v types.String, variables ...string) string {
	if r.known(argument, v) {
		return v.ValueString()
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
	s := r.env(variable)
	if s == "" {
		return false
	}
	b, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		r.invalid(argument, fmt.Sprintf("%s is %q, which is neither true nor false.", variable, s))
	}
	return b
}

func (r *resolver) int(argument string, v types.Int64, variable string, preset, lowest int) int {
	if r.known(argument, v) {
		return int(v.ValueInt64())
	}
	s := r.env(variable)
	if s == "" {
		return preset
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lowest {
		r.invalid(argument, fmt.Sprintf("%s is %q; it must be a whole number, at least %d.", variable, s, lowest))
	}
	return n
}

func (r *resolver) duration(argument string, v timetypes.GoDuration, variable string, preset time.Duration) time.Duration {
	s, source := v.ValueString(), "It"
	if !r.known(argument, v) {
		s, source = r.env(variable), variable
	}
	if s == "" {
		return preset
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		r.invalid(argument, fmt.Sprintf("%s is %q; it must be a duration above zero, such as \"30s\".", source, s))
	}
	return d
}

func (r *resolver) invalid(argument, detail string) {
	r.diags.AddAttributeError(path.Root(argument), "Invalid provider setting", detail)
}

func (r *resolver) missing(argument, what string, variables ...string) {
	r.diags.AddAttributeError(path.Root(argument), "Missing provider setting",
		fmt.Sprintf("%s Set %s in the provider block, or %s in the environment.", what, argument, strings.Join(variables, " or ")))
}

// settings resolves everything and reports all that is missing or
// contradictory at once. It needs no network.
func (m *providerModel) settings(ctx context.Context, getenv func(string) string) (settings, diag.Diagnostics) {
	r := &resolver{getenv: getenv}
	s := settings{
		requestTimeout: r.duration("request_timeout", m.RequestTimeout, "SODA_REQUEST_TIMEOUT", time.Minute),
		maxRetries:     r.int("max_retries", m.MaxRetries, "SODA_MAX_RETRIES", 4, 0),
		maxConcurrent:  r.int("max_concurrent_requests", m.MaxConcurrentRequests, "SODA_MAX_CONCURRENT_REQUESTS", 4, 1),
		pace:           m.pace(ctx, r),
	}
	strategy := r.text("auth_strategy", m.AuthStrategy, "SODA_AUTH_STRATEGY", "OPENSDS_AUTH_STRATEGY")
	endpoint := r.text("endpoint", m.Endpoint, "SODA_ENDPOINT")
	s.tenantID = r.text("tenant_id", m.TenantID, "SODA_TENANT_ID", "OPENSDS_TENANT_ID")
	login := m.configuredLogin(r)
	certificates := m.certificates(r)
	s.unknown = r.unknown
	if len(s.unknown) > 0 || r.diags.HasError() {
		return s, r.diags
	}

	s.resolveEndpoint(r, endpoint)
	if s.tenantID == "" && login.ProjectID+login.ProjectName+login.Cloud+login.ApplicationCredentialID+login.ApplicationCredentialName == "" {
		s.tenantID = r.env("OS_PROJECT_ID") // unless the configuration chooses the project itself
	}
	switch strategy {
	case "", strategyKeystone:
		s.resolveLogin(r, login)
		certificates.Cloud = s.login.CloudTLS
	case strategyNoAuth:
		s.noAuth = true
		if s.tenantID == "" {
			r.missing("tenant_id", "Without Keystone nothing tells the tenant.", "SODA_TENANT_ID", "OPENSDS_TENANT_ID", "OS_PROJECT_ID")
		}
	default:
		r.invalid("auth_strategy", fmt.Sprintf("SODA_AUTH_STRATEGY or OPENSDS_AUTH_STRATEGY is %q; it must be %q or %q.", strategy, strategyKeystone, strategyNoAuth))
	}
	var err error
	if s.tls, err = keystone.TLSConfig(certificates); err != nil {
		r.problem(err, "ca_cert_file")
	}
	return s, r.diags
}

func (s *settings) resolveEndpoint(r *resolver, endpoint string) {
	if endpoint == "" {
		r.missing("endpoint", "The orchestrator's address is needed, for example http://soda.example.com:5000.", "SODA_ENDPOINT")
		return
	}
	root, err := orchestration.Root(endpoint)
	if err != nil {
		r.invalid("endpoint", err.Error()+" (endpoint, or SODA_ENDPOINT)")
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
	pace := wait.Pace{
		Min: r.duration("poll_interval", p.Min, "SODA_POLL_INTERVAL_MIN", 500*time.Millisecond),
		Max: r.duration("poll_interval", p.Max, "SODA_POLL_INTERVAL_MAX", 15*time.Second),
	}
	if pace.Max < pace.Min {
		r.invalid("poll_interval", fmt.Sprintf("min (%s) is above max (%s).", pace.Min, pace.Max))
	}
	return pace
}

// certificates says whom to trust; a PEM text sets a file of the environment aside.
func (m *providerModel) certificates(r *resolver) keystone.TLSOptions {
	o := keystone.TLSOptions{
		CACertPEM:          r.text("ca_cert_pem", m.CACertPEM),
		ClientCertFile:     r.text("client_cert_file", m.ClientCertFile, "OS_CERT"),
		ClientKeyFile:      r.text("client_key_file", m.ClientKeyFile, "OS_KEY"),
		InsecureSkipVerify: r.bool("insecure_skip_verify", m.InsecureSkipVerify, "OS_INSECURE"),
	}
	if o.CACertPEM == "" {
		o.CACertFile = r.text("ca_cert_file", m.CACertFile, "OS_CACERT")
	}
	if o.InsecureSkipVerify {
		r.diags.AddAttributeWarning(path.Root("insecure_skip_verify"), "Server certificates are not checked",
			"Anybody between here and the orchestrator or Keystone can read and change what is sent, the password included. "+
				"Name the authority's certificate in ca_cert_file instead.")
	}
	return o
}
