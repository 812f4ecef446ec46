package provider

import (
	"strings"
	"unicode"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// This file takes line breaks and blanks off settings. Read from a file, a value
// often ends in a line break, which no server takes.

// trimSetting returns a value without line breaks around it, and without blanks
// unless it may be a password, which may have them.
func trimSetting(argument, value string) string {
	if isPassword(argument) {
		return strings.Trim(value, "\r\n")
	}
	return strings.TrimSpace(value)
}

// isPassword reports whether an argument or variable, in small letters, holds what
// a person may have thought of. Any character may be in it: it is not sent in a
// header as it is.
func isPassword(argument string) bool {
	return strings.HasSuffix(argument, "password") || strings.HasSuffix(argument, "secret")
}

// trimmedEnv is getenv with trimmed values.
func trimmedEnv(getenv func(string) string) func(string) string {
	return func(name string) string { return trimSetting(strings.ToLower(name), getenv(name)) }
}

// clean returns a configured value as trimSetting does, and reports what is still
// wrong with it.
func (r *resolver) clean(argument, value string, variables ...string) string {
	trimmed := trimSetting(argument, value)
	switch {
	case strings.TrimSpace(trimmed) == "":
		r.invalid(argument, "The value is blank.", variables...)
	case !isPassword(argument) && !strings.HasSuffix(argument, "_pem") && hasControl(trimmed):
		r.invalid(argument, controlDetail, variables...)
	}
	return trimmed
}

const controlDetail = "The value has a line break or another control character in it. Such a value cannot be sent."

func hasControl(value string) bool { return strings.ContainsFunc(value, unicode.IsControl) }

// checkControl reports values of the login that no request can carry, wherever
// they come from.
func (r *resolver) checkControl(o keystone.Options) {
	for _, v := range []struct{ option, variable, value string }{
		{"auth_url", "OS_AUTH_URL", o.AuthURL},
		{"user_name", "OS_USERNAME", o.UserName},
		{"token", "OS_TOKEN", o.Token},
		{"project_id", "OS_PROJECT_ID", o.ProjectID},
		{"project_name", "OS_PROJECT_NAME", o.ProjectName},
		{"application_credential_id", "OS_APPLICATION_CREDENTIAL_ID", o.ApplicationCredentialID},
	} {
		if hasControl(v.value) {
			r.invalid(v.option, controlDetail, v.variable)
		}
	}
}
