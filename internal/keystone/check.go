package keystone

import (
	"net/url"
	"strings"
)

// Problem is one thing that is wrong with Options or TLSOptions and can be found
// without a network. It is also the error that Resolve and TLSConfig return.
type Problem struct {
	Option   string // the provider's argument, such as "auth_url"
	Variable string // its environment variable, such as "OS_AUTH_URL", if it has one
	Detail   string // one sentence or two, without secrets
}

func (p Problem) Error() string { return p.Option + ": " + p.Detail }

func problem(option, detail string) Problem {
	return Problem{Option: option, Variable: variables[option], Detail: detail}
}

// Check finds what is missing or contradictory. Only Keystone can tell whether the
// credentials are right.
func (o Options) Check() []Problem {
	problems := o.checkAuthURL()
	problems = append(problems, o.checkNames()...)
	problems = append(problems, o.checkSecret()...)
	return append(problems, o.checkProject()...)
}

func (o Options) checkAuthURL() []Problem {
	if o.AuthURL == "" {
		if o.Token == "" {
			return []Problem{problem("auth_url", "The address of Keystone is missing.")}
		}
		if o.ProjectName != "" {
			return []Problem{problem("auth_url", "The address of Keystone is missing. With a token it can be left out only if the project is given by id.")}
		}
		return nil
	}
	u, err := url.Parse(o.AuthURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return []Problem{problem("auth_url", "This is not an http or https address, such as https://keystone.example:5000/v3.")}
	case u.User != nil:
		return []Problem{problem("auth_url", "The address must not contain a user or a password. Give them in user_name and password.")}
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v2.0"):
		return []Problem{problem("auth_url", "Version 2.0 of Keystone's API is not supported. The address must end in /v3.")}
	}
	return nil
}

// checkNames refuses an id and a name for one thing. Of the environment and
// clouds.yaml only one of them is used, so both were configured.
func (o Options) checkNames() []Problem {
	pairs := []struct{ option, id, name string }{
		{"user", o.UserID, o.UserName},
		{"project", o.ProjectID, o.ProjectName},
		{"user_domain", o.UserDomainID, o.UserDomainName},
		{"project_domain", o.ProjectDomainID, o.ProjectDomainName},
		{"application_credential", o.ApplicationCredentialID, o.ApplicationCredentialName},
	}
	var problems []Problem
	for _, p := range pairs {
		if p.id != "" && p.name != "" {
			problems = append(problems, problem(p.option+"_name", "Give "+p.option+"_name or "+p.option+"_id, not both."))
		}
	}
	return problems
}

func (o Options) checkSecret() []Problem {
	switch {
	case o.Password != "" && o.Token != "":
		return []Problem{problem("token", "Give a password or a token, not both. Each is a way to log in. If both come from the environment, unset one of them, or let OS_AUTH_TYPE choose (v3password, v3token).")}
	case o.Password != "" && o.hasApplicationCredential():
		return []Problem{problem("password", "Give a password or an application credential, not both. Each is a way to log in. If both come from the environment, unset OS_PASSWORD or set OS_AUTH_TYPE to v3applicationcredential.")}
	case o.Token != "" && o.hasApplicationCredential():
		return []Problem{problem("token", "Give a token or an application credential, not both. Each is a way to log in. If both come from the environment, unset OS_TOKEN or set OS_AUTH_TYPE to v3applicationcredential.")}
	case o.Token != "":
		return nil
	case o.hasApplicationCredential():
		return o.checkApplicationCredential()
	}
	problems := o.checkUser()
	if o.Password == "" {
		problems = append(problems, problem("password", "The password is missing. A token or an application credential works too."))
	}
	return problems
}

func (o Options) checkApplicationCredential() []Problem {
	var problems []Problem
	if o.ApplicationCredentialID+o.ApplicationCredentialName == "" {
		problems = append(problems, problem("application_credential_id", "The secret of an application credential is given, but not its id or name."))
	}
	if o.ApplicationCredentialSecret == "" {
		problems = append(problems, problem("application_credential_secret", "The secret of the application credential is missing."))
	}
	if o.ApplicationCredentialID == "" && o.ApplicationCredentialName != "" {
		problems = append(problems, o.checkUser()...) // only within its user the name is unique
	}
	return problems
}

func (o Options) checkUser() []Problem {
	switch {
	case o.UserID+o.UserName == "":
		return []Problem{problem("user_name", "The user is missing. Give user_name or user_id.")}
	case o.UserID == "" && o.UserDomainID+o.UserDomainName == "":
		return []Problem{problem("user_domain_name", "A user name needs its domain. Give user_domain_name (often \"Default\") or user_domain_id, or the user by user_id.")}
	}
	return nil
}

func (o Options) checkProject() []Problem {
	// An application credential belongs to one project, so it need not be named.
	if o.ProjectID != "" || o.ProjectName == "" || o.hasApplicationCredential() {
		return nil
	}
	if id, name := o.domainOfProject(); id+name != "" {
		return nil
	}
	if o.UserName != "" && o.Token == "" {
		return nil // the user's domain is used for both, and checkUser asks for it
	}
	return []Problem{problem("project_domain_name", "A project name needs its domain. Give project_domain_name (often \"Default\") or project_domain_id, or the project by project_id.")}
}
