package keystone

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Options say how to log in. Zero values are not given. What is not given in one
// place is taken from the next, see Resolve.
type Options struct {
	AuthURL                     string // with or without /v3
	UserName                    string
	UserID                      string
	Password                    string
	Token                       string
	ProjectID                   string
	ProjectName                 string
	UserDomainID                string
	UserDomainName              string
	ProjectDomainID             string
	ProjectDomainName           string
	ApplicationCredentialID     string
	ApplicationCredentialName   string
	ApplicationCredentialSecret string
	Cloud                       string // the entry of clouds.yaml to read

	// CloudTLS is what clouds.yaml says about certificates, for TLSOptions.Cloud.
	// Resolve sets it.
	CloudTLS *tls.Config
}

// variables names the environment variable behind each option, for errors.
var variables = map[string]string{
	"auth_url":                      "OS_AUTH_URL",
	"user_name":                     "OS_USERNAME",
	"user_id":                       "OS_USER_ID",
	"password":                      "OS_PASSWORD",
	"token":                         "OS_TOKEN",
	"project_id":                    "OS_PROJECT_ID",
	"project_name":                  "OS_PROJECT_NAME",
	"user_domain_id":                "OS_USER_DOMAIN_ID",
	"user_domain_name":              "OS_USER_DOMAIN_NAME",
	"project_domain_id":             "OS_PROJECT_DOMAIN_ID",
	"project_domain_name":           "OS_PROJECT_DOMAIN_NAME",
	"application_credential_id":     "OS_APPLICATION_CREDENTIAL_ID",
	"application_credential_name":   "OS_APPLICATION_CREDENTIAL_NAME",
	"application_credential_secret": "OS_APPLICATION_CREDENTIAL_SECRET",
	"cloud":                         "OS_CLOUD",
	"ca_cert_file":                  "OS_CACERT",
	"client_cert_file":              "OS_CERT",
	"client_key_file":               "OS_KEY",
}

// fromEnv reads the variables that an openrc file sets, such as those of SODA's
// installer, DevStack and Horizon. Horizon's have both the id and the name of a
// thing. Then only the id is used.
func fromEnv(getenv func(string) string) Options {
	o := Options{
		AuthURL:                     getenv("OS_AUTH_URL"),
		Password:                    getenv("OS_PASSWORD"),
		Token:                       cmp.Or(getenv("OS_TOKEN"), getenv("OS_AUTH_TOKEN")),
		ApplicationCredentialSecret: getenv("OS_APPLICATION_CREDENTIAL_SECRET"),
		Cloud:                       getenv("OS_CLOUD"),
	}
	o.UserID, o.UserName = preferID(cmp.Or(getenv("OS_USER_ID"), getenv("OS_USERID")), getenv("OS_USERNAME"))
	o.ProjectID, o.ProjectName = firstPair(getenv, [][2]string{
		{"OS_PROJECT_ID", "OS_PROJECT_NAME"}, {"OS_TENANT_ID", "OS_TENANT_NAME"},
	})
	o.UserDomainID, o.UserDomainName = firstPair(getenv, domainPairs("OS_USER_DOMAIN"))
	o.ProjectDomainID, o.ProjectDomainName = firstPair(getenv, domainPairs("OS_PROJECT_DOMAIN"))
	o.ApplicationCredentialID, o.ApplicationCredentialName = preferID(getenv("OS_APPLICATION_CREDENTIAL_ID"), getenv("OS_APPLICATION_CREDENTIAL_NAME"))
	return o.chosen(authType(getenv))
}

// authTypes are the values of OS_AUTH_TYPE that choose among the ways to log in.
// The openstack client knows them by these names.
const (
	authPassword              = "password"
	authToken                 = "token"
	authApplicationCredential = "applicationcredential"
)

// authType is what OS_AUTH_TYPE says, less the version of Keystone's API.
func authType(getenv func(string) string) string {
	t := strings.TrimPrefix(strings.ToLower(getenv("OS_AUTH_TYPE")), "v3")
	return strings.ReplaceAll(t, "_", "")
}

// ChoosesApplicationCredential reports whether OS_AUTH_TYPE asks for a login with an
// application credential. It belongs to one project, whatever OS_PROJECT_ID says.
func ChoosesApplicationCredential(getenv func(string) string) bool {
	return authType(getenv) == authApplicationCredential
}

// chosen drops the ways to log in that OS_AUTH_TYPE does not name. An openrc file
// that was sourced before may have left them. Any other value chooses nothing.
func (o Options) chosen(authType string) Options {
	switch authType {
	case authPassword:
		o.Token, o.ApplicationCredentialID, o.ApplicationCredentialName, o.ApplicationCredentialSecret = "", "", "", ""
	case authToken:
		o.Password, o.ApplicationCredentialID, o.ApplicationCredentialName, o.ApplicationCredentialSecret = "", "", "", ""
	case authApplicationCredential:
		o.Password, o.Token = "", ""
		if o.hasApplicationCredential() {
			o.ProjectID, o.ProjectName = "", ""
		}
	}
	return o
}

// domainPairs lists where a domain may be named, the most specific first. The
// openstack client takes OS_DEFAULT_DOMAIN for an id.
func domainPairs(specific string) [][2]string {
	return [][2]string{
		{specific + "_ID", specific + "_NAME"},
		{"OS_DOMAIN_ID", "OS_DOMAIN_NAME"},
		{"OS_DEFAULT_DOMAIN_ID", "OS_DEFAULT_DOMAIN_NAME"},
		{"OS_DEFAULT_DOMAIN", ""},
	}
}

// firstPair returns the id and the name from the first pair that has one, so that
// a stale OS_TENANT_ID does not override OS_PROJECT_NAME.
func firstPair(getenv func(string) string, pairs [][2]string) (id, name string) {
	for _, p := range pairs {
		if id, name = preferID(getenv(p[0]), getenv(p[1])); id+name != "" {
			return id, name
		}
	}
	return "", ""
}

// preferID returns the id without the name, or the name where there is no id.
func preferID(id, name string) (string, string) {
	if id != "" {
		return id, ""
	}
	return "", name
}

// Resolve fills in what was not configured: from the cloud that is configured,
// then from the environment, and last from the cloud that the environment names.
// The first value wins. So an openrc file only fills in what a configured cloud
// leaves out.
func Resolve(configured Options, getenv func(string) string) (Options, error) {
	if configured.Cloud != "" {
		o, err := configured.withCloud(getenv)
		return o.or(fromEnv(getenv)), err
	}
	return configured.or(fromEnv(getenv)).withCloud(getenv)
}

// or fills in what is missing in o from fallback. What belongs together comes from
// one place. If o has a user's name, the fallback's user id is not used, and if it
// has a password, the fallback's token is not.
func (o Options) or(fallback Options) Options {
	f := fallback
	o.AuthURL = cmp.Or(o.AuthURL, f.AuthURL)
	o.Cloud = cmp.Or(o.Cloud, f.Cloud)
	o = o.orSecret(f)
	if o.UserID+o.UserName == "" {
		o.UserID, o.UserName = f.UserID, f.UserName
	}
	if o.UserDomainID+o.UserDomainName == "" {
		o.UserDomainID, o.UserDomainName = f.UserDomainID, f.UserDomainName
	}
	if o.ProjectID+o.ProjectName == "" {
		o.ProjectID, o.ProjectName = f.ProjectID, f.ProjectName
	}
	if o.ProjectDomainID+o.ProjectDomainName == "" {
		o.ProjectDomainID, o.ProjectDomainName = f.ProjectDomainID, f.ProjectDomainName
	}
	if o.CloudTLS == nil {
		o.CloudTLS = f.CloudTLS
	}
	return o
}

func (o Options) orSecret(f Options) Options {
	switch {
	case o.Password != "" || o.Token != "":
	case o.hasApplicationCredential():
		if o.ApplicationCredentialID+o.ApplicationCredentialName == "" {
			o.ApplicationCredentialID, o.ApplicationCredentialName = f.ApplicationCredentialID, f.ApplicationCredentialName
		}
		o.ApplicationCredentialSecret = cmp.Or(o.ApplicationCredentialSecret, f.ApplicationCredentialSecret)
	default:
		o.Password, o.Token = f.Password, f.Token
		o.ApplicationCredentialID = f.ApplicationCredentialID
		o.ApplicationCredentialName = f.ApplicationCredentialName
		o.ApplicationCredentialSecret = f.ApplicationCredentialSecret
	}
	return o
}

func (o Options) hasApplicationCredential() bool {
	return o.ApplicationCredentialID+o.ApplicationCredentialName+o.ApplicationCredentialSecret != ""
}

// domainOfProject is the project's domain, or the user's where none is given.
func (o Options) domainOfProject() (id, name string) {
	if o.ProjectDomainID+o.ProjectDomainName == "" {
		return o.UserDomainID, o.UserDomainName
	}
	return o.ProjectDomainID, o.ProjectDomainName
}

// String says whose login this is, without secrets.
func (o Options) String() string {
	return fmt.Sprintf("login of %q to project %q at %s", cmp.Or(o.UserID, o.UserName), cmp.Or(o.ProjectID, o.ProjectName), plainURL(o.AuthURL))
}

// Format prints String for every verb, so that none shows a secret.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, o.String()) }

// LogValue keeps secrets out of structured logs.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }
