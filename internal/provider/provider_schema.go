package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type providerModel struct {
	Endpoint     types.String `tfsdk:"endpoint"`
	TenantID     types.String `tfsdk:"tenant_id"`
	AuthStrategy types.String `tfsdk:"auth_strategy"`

	AuthURL                     types.String `tfsdk:"auth_url"`
	UserName                    types.String `tfsdk:"user_name"`
	UserID                      types.String `tfsdk:"user_id"`
	Password                    types.String `tfsdk:"password"`
	Token                       types.String `tfsdk:"token"`
	ProjectID                   types.String `tfsdk:"project_id"`
	ProjectName                 types.String `tfsdk:"project_name"`
	UserDomainID                types.String `tfsdk:"user_domain_id"`
	UserDomainName              types.String `tfsdk:"user_domain_name"`
	ProjectDomainID             types.String `tfsdk:"project_domain_id"`
	ProjectDomainName           types.String `tfsdk:"project_domain_name"`
	ApplicationCredentialID     types.String `tfsdk:"application_credential_id"`
	ApplicationCredentialName   types.String `tfsdk:"application_credential_name"`
	ApplicationCredentialSecret types.String `tfsdk:"application_credential_secret"`
	Cloud                       types.String `tfsdk:"cloud"`

	BlockEndpoint      types.String `tfsdk:"block_endpoint"`
	MulticloudEndpoint types.String `tfsdk:"multicloud_endpoint"`

	CACertFile         types.String `tfsdk:"ca_cert_file"`
	CACertPEM          types.String `tfsdk:"ca_cert_pem"`
	ClientCertFile     types.String `tfsdk:"client_cert_file"`
	ClientKeyFile      types.String `tfsdk:"client_key_file"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`

	RequestTimeout        timetypes.GoDuration `tfsdk:"request_timeout"`
	MaxRetries            types.Int64          `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64          `tfsdk:"max_concurrent_requests"`
	PollInterval          types.Object         `tfsdk:"poll_interval"`

	StackStorm types.Object `tfsdk:"stackstorm"`
}

func (p *sodaProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"endpoint": text("The orchestrator's address, for example `http://soda.example.com:5000`. Without a path the API's root is `<endpoint>/v1beta`; " +
			"with a path (behind the dashboard, `http://soda.example.com:8088/orch`) that path is the root. `SODA_ENDPOINT`."),
		"tenant_id": text("The tenant (Keystone's project id) that services and instances belong to. Default: the project of the token. " +
			"`SODA_TENANT_ID`, `OPENSDS_TENANT_ID` or `OS_PROJECT_ID`."),
		"block_endpoint": text("Hotpot's address, for example `http://soda.example.com:50040`: for the `soda_block_*` data sources, and asked by nothing else. " +
			"Without a path the API's root is `<block_endpoint>/v1beta`. `SODA_BLOCK_ENDPOINT` or `OPENSDS_ENDPOINT`."),
		"multicloud_endpoint": text("Gelato's address, for example `http://soda.example.com:8089`: for the `soda_multicloud_*` data sources, and to check the backend that a migration names. " +
			"Without a path the API's root is `<multicloud_endpoint>/v1`. `SODA_MULTICLOUD_ENDPOINT`."),
		"auth_strategy": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.OneOf(strategyKeystone, strategyNoAuth)},
			MarkdownDescription: "`keystone` (the default) logs in to Keystone. `noauth` does not, and needs `tenant_id`. `SODA_AUTH_STRATEGY` or `OPENSDS_AUTH_STRATEGY`.",
		},
		"max_retries": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(0, mostRetries)},
			MarkdownDescription: "How often a failed read is repeated (default 4). What starts a workflow is never repeated. `SODA_MAX_RETRIES`.",
		},
		"max_concurrent_requests": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, mostConcurrent)},
			MarkdownDescription: "How many requests may be under way at once (default 4). Requests that touch instances always go one at a time, " +
				"because the orchestrator mixes up overlapping ones. `SODA_MAX_CONCURRENT_REQUESTS`.",
		},
		"request_timeout": schema.StringAttribute{
			Optional: true, CustomType: timetypes.GoDurationType{},
			MarkdownDescription: "How long one request may take, such as `90s` (default `60s`). `SODA_REQUEST_TIMEOUT`.",
		},
		"poll_interval": schema.SingleNestedAttribute{
			Optional: true,
			Attributes: map[string]schema.Attribute{
				"min": schema.StringAttribute{Optional: true, CustomType: timetypes.GoDurationType{}, MarkdownDescription: "The shortest pause, such as `2s` (default `500ms`)."},
				"max": schema.StringAttribute{Optional: true, CustomType: timetypes.GoDurationType{}, MarkdownDescription: "The longest pause, such as `1m` (default `15s`)."},
			},
			MarkdownDescription: "How often Terraform looks at a run under way: about every tenth of the time it has taken so far, between these bounds, and more often around the time that others of its workflow took.",
		},
	}
	attributes["stackstorm"] = stackStormAttribute()
	for name, a := range loginAttributes() {
		attributes[name] = a
	}
	for name, a := range tlsAttributes() {
		attributes[name] = a
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Orchestration of storage as code: services, and runs of their workflows, of a SODA Foundation orchestrator.",
		Attributes:          attributes,
	}
}

func loginAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"auth_url":                      text("Keystone's address, with or without `/v3`. `OS_AUTH_URL`."),
		"user_name":                     text("User name. `OS_USERNAME`."),
		"user_id":                       text("User id, instead of name and domain. `OS_USER_ID`."),
		"password":                      secret("Password. `OS_PASSWORD`."),
		"token":                         secret("A Keystone token to use instead of logging in; it cannot be renewed. `OS_TOKEN`."),
		"project_id":                    text("Project to log in to. `OS_PROJECT_ID`."),
		"project_name":                  text("Project to log in to, by name. `OS_PROJECT_NAME`."),
		"user_domain_id":                text("The user's domain. `OS_USER_DOMAIN_ID`."),
		"user_domain_name":              text("The user's domain, by name. `OS_USER_DOMAIN_NAME`."),
		"project_domain_id":             text("The project's domain. `OS_PROJECT_DOMAIN_ID`."),
		"project_domain_name":           text("The project's domain, by name. `OS_PROJECT_DOMAIN_NAME`."),
		"application_credential_id":     text("Application credential. `OS_APPLICATION_CREDENTIAL_ID`."),
		"application_credential_name":   text("Application credential, by name. `OS_APPLICATION_CREDENTIAL_NAME`."),
		"application_credential_secret": secret("The application credential's secret. `OS_APPLICATION_CREDENTIAL_SECRET`."),
		"cloud":                         text("Entry of `clouds.yaml` to take the login from. `OS_CLOUD`."),
	}
}

func tlsAttributes() map[string]schema.Attribute {
	onePEM := stringvalidator.ConflictsWith(path.MatchRoot("ca_cert_pem"))
	return map[string]schema.Attribute{
		"ca_cert_file": schema.StringAttribute{Optional: true, Validators: []validator.String{onePEM},
			MarkdownDescription: "File with the certificates (PEM) of the authorities to trust, for all servers. `OS_CACERT`."},
		"ca_cert_pem":      text("The same certificates as a string."),
		"client_cert_file": text("File with a client certificate (PEM). `OS_CERT`."),
		"client_key_file":  text("File with the client certificate's key (PEM). `OS_KEY`."),
		"insecure_skip_verify": schema.BoolAttribute{Optional: true,
			MarkdownDescription: "Accept any server certificate. For trying things out; it gives a warning (default `false`). `OS_INSECURE`."},
	}
}

func text(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description,
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)}}
}

func secret(description string) schema.StringAttribute {
	a := text(description)
	a.Sensitive = true
	return a
}
