package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// stackStormSettings are the argument stackstorm with the environment behind
// it. The zero value means that there is no connection.
type stackStormSettings struct {
	// unknown names the arguments whose value another resource has yet to give.
	// While there are any, nothing else here may be relied on: unknown is not
	// unset.
	unknown []string

	apiURL             *url.URL // nil without a connection
	authURL            *url.URL // nil with an API key
	apiKey             string
	username, password string
	allowCodeUpload    bool
	tls                *tls.Config
}

// stackStormVariables are the variables of each argument: our own first, then
// the one that StackStorm's own command line reads.
var stackStormVariables = map[string][]string{
	"url":                  {"SODA_STACKSTORM_URL", "ST2_BASE_URL"},
	"api_url":              {"SODA_STACKSTORM_API_URL", "ST2_API_URL"},
	"auth_url":             {"SODA_STACKSTORM_AUTH_URL", "ST2_AUTH_URL"},
	"api_key":              {"SODA_STACKSTORM_API_KEY", "ST2_API_KEY"},
	"username":             {"SODA_STACKSTORM_USERNAME"},
	"password":             {"SODA_STACKSTORM_PASSWORD"},
	"allow_code_upload":    {"SODA_STACKSTORM_ALLOW_CODE_UPLOAD"},
	"ca_cert_file":         {"SODA_STACKSTORM_CA_CERT_FILE", "ST2_CACERT"},
	"ca_cert_pem":          {"SODA_STACKSTORM_CA_CERT_PEM"},
	"insecure_skip_verify": {"SODA_STACKSTORM_INSECURE_SKIP_VERIFY"},
}

type stackStormModel struct {
	URL                types.String `tfsdk:"url"`
	APIURL             types.String `tfsdk:"api_url"`
	AuthURL            types.String `tfsdk:"auth_url"`
	APIKey             types.String `tfsdk:"api_key"`
	Username           types.String `tfsdk:"username"`
	Password           types.String `tfsdk:"password"`
	AllowCodeUpload    types.Bool   `tfsdk:"allow_code_upload"`
	CACertFile         types.String `tfsdk:"ca_cert_file"`
	CACertPEM          types.String `tfsdk:"ca_cert_pem"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
}

func stackStormAttribute() schema.Attribute {
	onePEM := stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("ca_cert_pem"))
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The StackStorm behind the orchestrator. Optional: it tells what the orchestrator does not (a run's execution, why it failed, " +
			"what it published). It is used when an address and a credential are known, from here or from the environment.",
		Attributes: map[string]schema.Attribute{
			"url": text("The address that a browser opens, for example `https://stackstorm.example.com`. The API is expected at `<url>/api`, " +
				"the login at `<url>/auth`. `SODA_STACKSTORM_URL` or `ST2_BASE_URL`."),
			"api_url":  text("The API's address, if it is not `<url>/api`, for example `http://stackstorm.example.com:9101`. `SODA_STACKSTORM_API_URL` or `ST2_API_URL`."),
			"auth_url": text("The login's address, if it is not `<url>/auth`, for example `http://stackstorm.example.com:9100`. `SODA_STACKSTORM_AUTH_URL` or `ST2_AUTH_URL`."),
			"api_key":  secret("An API key, instead of `username` and `password`. `SODA_STACKSTORM_API_KEY` or `ST2_API_KEY`."),
			"username": text("User name. `SODA_STACKSTORM_USERNAME`."),
			"password": secret("Password. `SODA_STACKSTORM_PASSWORD`."),
			"allow_code_upload": schema.BoolAttribute{Optional: true,
				MarkdownDescription: "Allow `soda_stackstorm_action` to upload files (default `false`). Whoever may upload an action can run any code on StackStorm's host. " +
					"`SODA_STACKSTORM_ALLOW_CODE_UPLOAD`."},
			"ca_cert_file": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), onePEM},
				MarkdownDescription: "File with the certificates (PEM) of the authorities to trust for StackStorm. `SODA_STACKSTORM_CA_CERT_FILE` or `ST2_CACERT`."},
			"ca_cert_pem": text("The same as a string. `SODA_STACKSTORM_CA_CERT_PEM`."),
			"insecure_skip_verify": schema.BoolAttribute{Optional: true,
				MarkdownDescription: "Accept any certificate of StackStorm. For trying things out; it gives a warning (default `false`). `SODA_STACKSTORM_INSECURE_SKIP_VERIFY`."},
		},
	}
}

// stackStormReader reads the members of the argument stackstorm.
type stackStormReader struct{ *resolver }

func (r stackStormReader) string(member string, v types.String) string {
	return r.resolver.string("stackstorm."+member, v, stackStormVariables[member]...)
}

func (r stackStormReader) bool(member string, v types.Bool) bool {
	return r.resolver.bool("stackstorm."+member, v, stackStormVariables[member][0])
}

func (r stackStormReader) invalid(member, detail string) {
	r.resolver.invalid("stackstorm."+member, detail, stackStormVariables[member]...)
}

func (r stackStormReader) missing(member, what string) {
	r.resolver.missing("stackstorm."+member, what, stackStormVariables[member]...)
}

// stackStormSettings resolves the argument stackstorm. It needs no network.
func (m *providerModel) stackStormSettings(ctx context.Context, getenv func(string) string) (stackStormSettings, diag.Diagnostics) {
	r := stackStormReader{&resolver{getenv: getenv}}
	var given stackStormModel
	if r.known("stackstorm", m.StackStorm) {
		r.diags.Append(m.StackStorm.As(ctx, &given, basetypes.ObjectAsOptions{})...)
	}
	if m.StackStorm.IsUnknown() || r.diags.HasError() {
		return stackStormSettings{unknown: r.unknown}, r.diags
	}
	s := stackStormSettings{allowCodeUpload: r.bool("allow_code_upload", given.AllowCodeUpload)}
	base, api, auth := r.string("url", given.URL), r.string("api_url", given.APIURL), r.string("auth_url", given.AuthURL)
	s.readCredential(r, given)
	certificates := given.certificates(r)
	s.unknown = r.unknown
	if len(s.unknown) > 0 || r.diags.HasError() {
		return s, r.diags
	}
	if base+api == "" || s.apiKey+s.username == "" {
		if given.asksForConnection(getenv) {
			s.reportMissing(r, base+api)
		}
		return stackStormSettings{}, r.diags
	}
	s.apiURL = r.root("api_url", base, api)
	if s.apiKey == "" {
		s.authURL = r.root("auth_url", base, auth)
	}
	var err error
	if s.tls, err = keystone.TLSConfig(certificates); err != nil {
		r.certificateProblem(err)
	}
	if certificates.InsecureSkipVerify {
		r.diags.AddAttributeWarning(argumentPath("stackstorm.insecure_skip_verify"), "StackStorm's certificate is not checked",
			"Anybody between here and StackStorm can read and change what is sent, the credential included. Name the authority's certificate in stackstorm.ca_cert_file instead.")
	}
	return s, r.diags
}

// readCredential finds the API key or the user.
func (s *stackStormSettings) readCredential(r stackStormReader, given stackStormModel) {
	s.apiKey, s.username, s.password = r.string("api_key", given.APIKey), r.string("username", given.Username), r.string("password", given.Password)
	if len(r.unknown) > 0 {
		return
	}
	if s.apiKey != "" && s.username+s.password != "" {
		s.chooseCredential(r, given)
	}
	switch {
	case s.apiKey != "":
	case s.username == "" && s.password != "":
		r.missing("username", "A password needs its user.")
	case s.username != "" && s.password == "":
		r.missing("password", "A user needs a password.")
	}
}

// chooseCredential decides between an API key and a user. What the
// configuration says comes before the environment, and there our own variables
// come before those of StackStorm's command line.
func (s *stackStormSettings) chooseCredential(r stackStormReader, given stackStormModel) {
	key, user := !given.APIKey.IsNull(), !given.Username.IsNull() || !given.Password.IsNull()
	if !key && !user {
		key, user = r.env(stackStormVariables["api_key"][0]) != "", true
	}
	switch {
	case key && user:
		r.invalid("api_key", "Give stackstorm.api_key, or stackstorm.username and stackstorm.password, not both.")
	case key:
		s.username, s.password = "", ""
	default:
		s.apiKey = ""
	}
}

func (given stackStormModel) certificates(r stackStormReader) keystone.TLSOptions {
	o := keystone.TLSOptions{InsecureSkipVerify: r.bool("insecure_skip_verify", given.InsecureSkipVerify)}
	if given.CACertFile.IsNull() {
		o.CACertPEM = r.string("ca_cert_pem", given.CACertPEM)
	}
	if o.CACertPEM == "" {
		o.CACertFile = r.string("ca_cert_file", given.CACertFile)
	}
	return o
}

// asksForConnection says whether the user means us to connect. What is set for
// StackStorm's command line alone does not.
func (given stackStormModel) asksForConnection(getenv func(string) string) bool {
	for _, member := range []string{"url", "api_url", "auth_url", "api_key", "username", "password"} {
		if getenv(stackStormVariables[member][0]) != "" {
			return true
		}
	}
	return given.AllowCodeUpload.ValueBool() || !given.URL.IsNull() || !given.APIURL.IsNull() || !given.AuthURL.IsNull() ||
		!given.APIKey.IsNull() || !given.Username.IsNull() || !given.Password.IsNull()
}

func (s *stackStormSettings) reportMissing(r stackStormReader, address string) {
	if address == "" {
		r.missing("url", "StackStorm's address is needed, for example https://stackstorm.example.com.")
	}
	if s.apiKey+s.username == "" {
		r.missing("api_key", "StackStorm wants a credential: an API key, or stackstorm.username (SODA_STACKSTORM_USERNAME) and stackstorm.password (SODA_STACKSTORM_PASSWORD).")
	}
}

// root is where the API or the login begins: where member says, or else below
// the base address. An address that StackStorm's command line takes may end in
// /v1.
func (r stackStormReader) root(member, base, own string) *url.URL {
	blamed, address := member, strings.TrimSuffix(strings.TrimSuffix(own, "/"), "/v1")
	if own == "" {
		blamed, address = "url", base
	}
	if address == "" {
		r.missing(member, "The address of StackStorm's login is needed, because stackstorm.url is not given.")
		return nil
	}
	api, auth, err := stackstorm.URLs(address)
	switch {
	case err != nil && member == "auth_url" && blamed == "url":
		return nil // the API's root has the same problem and reports it
	case err != nil:
		r.invalid(blamed, upper(sentence(err.Error())))
		return nil
	case own != "":
		return api.JoinPath("..")
	case member == "auth_url":
		return auth
	}
	return api
}

// certificateProblem reports what package keystone found wrong with a
// certificate, under the names that are used here.
func (r stackStormReader) certificateProblem(err error) {
	if p, ok := errors.AsType[keystone.Problem](err); ok {
		r.invalid(p.Option, p.Detail)
		return
	}
	r.invalid("ca_cert_file", sentence(err.Error()))
}

// argumentPath is the path of an argument that may be a member of another.
func argumentPath(argument string) path.Path {
	first, rest, nested := strings.Cut(argument, ".")
	at := path.Root(first)
	if nested {
		at = at.AtName(rest)
	}
	return at
}

// stackStorm returns the client of StackStorm, or nil if none is configured or
// what is configured is not known yet. The client does not talk to the network
// before its first call.
func (s *session) stackStorm() *stackstorm.Client {
	if s == nil || len(s.settings.stackStorm.unknown) > 0 || s.settings.stackStorm.apiURL == nil {
		return nil
	}
	s.stackStormOnce.Do(func() {
		set := s.settings.stackStorm
		s.stackStormClient = stackstorm.New(stackstorm.Config{
			APIURL: set.apiURL, AuthURL: set.authURL,
			APIKey: set.apiKey, Username: set.username, Password: set.password,
			HTTP:           &http.Client{Transport: newTransport(set.tls)},
			RequestTimeout: s.settings.requestTimeout,
			MaxRetries:     s.settings.maxRetries,
			Log:            s.store.logStackStormRequest,
			Obtained:       func(token string) { s.store.add(token) },
		})
	})
	return s.stackStormClient
}

// stackStormUnknown says whether the connection to StackStorm is configured
// with values that are not known before apply.
func (s *session) stackStormUnknown() error {
	if s == nil || len(s.settings.stackStorm.unknown) == 0 {
		return nil
	}
	return &unknownSettingsError{s.settings.stackStorm.unknown}
}
