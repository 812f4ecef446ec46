package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// configuredLogin reads the login arguments of the provider block.
func (m *providerModel) configuredLogin(r *resolver) keystone.Options {
	var o keystone.Options
	for _, a := range []struct {
		name   string
		value  types.String
		option *string
	}{
		{"auth_url", m.AuthURL, &o.AuthURL},
		{"user_name", m.UserName, &o.UserName},
		{"user_id", m.UserID, &o.UserID},
		{"password", m.Password, &o.Password},
		{"token", m.Token, &o.Token},
		{"project_id", m.ProjectID, &o.ProjectID},
		{"project_name", m.ProjectName, &o.ProjectName},
		{"user_domain_id", m.UserDomainID, &o.UserDomainID},
		{"user_domain_name", m.UserDomainName, &o.UserDomainName},
		{"project_domain_id", m.ProjectDomainID, &o.ProjectDomainID},
		{"project_domain_name", m.ProjectDomainName, &o.ProjectDomainName},
		{"application_credential_id", m.ApplicationCredentialID, &o.ApplicationCredentialID},
		{"application_credential_name", m.ApplicationCredentialName, &o.ApplicationCredentialName},
		{"application_credential_secret", m.ApplicationCredentialSecret, &o.ApplicationCredentialSecret},
		{"cloud", m.Cloud, &o.Cloud},
	} {
		*a.option = r.string(a.name, a.value)
	}
	return o
}

// resolveLogin completes the login from clouds.yaml and the environment. It reports
// what is wrong with it, without a request to Keystone.
func (s *settings) resolveLogin(r *resolver, configured keystone.Options) {
	var err error
	if s.login, err = keystone.Resolve(configured, r.getenv); err != nil {
		r.problem(err, "cloud")
		return
	}
	r.checkControl(s.login)
	for _, p := range s.login.Check() {
		r.problem(p, p.Option)
	}
	if s.login.Token != "" && s.login.AuthURL+s.login.ProjectID+s.tenantID == "" {
		r.missing("tenant_id", "The tenant of a token is not known without Keystone (auth_url).", "SODA_TENANT_ID", "OPENSDS_TENANT_ID", "OS_PROJECT_ID")
	}
}

// problem reports an error of package keystone at the argument that it names.
func (r *resolver) problem(err error, argument string) {
	if p, ok := errors.AsType[keystone.Problem](err); ok {
		r.invalid(p.Option, p.Detail, p.Variable)
		return
	}
	r.invalid(argument, sentence(err.Error()))
}
