package keystone

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
)

// withCloud fills in what is missing in o from the entry of clouds.yaml that
// o.Cloud names. Without a Cloud it returns o. The file is where the openstack
// client looks for it: OS_CLIENT_CONFIG_FILE, or else the working directory,
// ~/.config/openstack and /etc/openstack. Beside it may be secure.yaml. The error
// is a Problem with the option "cloud".
func (o Options) withCloud(getenv func(string) string) (Options, error) {
	if o.Cloud == "" {
		return o, nil
	}
	file, err := readCloud(o.Cloud, getenv("OS_CLIENT_CONFIG_FILE"))
	if err != nil {
		return o, problem("cloud", fmt.Sprintf("Cannot use %q of clouds.yaml: %s.", o.Cloud, oneLine(quoted.ReplaceAllString(err.Error(), "a value"))))
	}
	return o.or(file), nil
}

// quoted matches what the YAML decoder quotes of a value of the wrong type. That
// may be the beginning of a password.
var quoted = regexp.MustCompile("`[^`]*`")

func readCloud(name, location string) (o Options, err error) {
	// gophercloud v2.15.0 panics if there is no auth section.
	defer func() {
		if recover() != nil {
			err = errors.New("the entry has no auth section")
		}
	}()
	if err := checkCloudFiles(location); err != nil {
		return Options{}, err
	}
	opts := []clouds.ParseOption{clouds.WithCloudName(name)}
	if location != "" {
		opts = append(opts, clouds.WithLocations(location))
	}
	auth, _, tlsConfig, err := clouds.Parse(opts...)
	if err != nil {
		return Options{}, err
	}
	o = fromCloud(auth)
	o.CloudTLS = tlsConfig
	return o, nil
}

func fromCloud(a gophercloud.AuthOptions) Options {
	o := Options{
		AuthURL:                     a.IdentityEndpoint,
		Password:                    a.Password,
		Token:                       a.TokenID,
		ApplicationCredentialSecret: a.ApplicationCredentialSecret,
	}
	o.UserID, o.UserName = preferID(a.UserID, a.Username)
	o.UserDomainID, o.UserDomainName = preferID(a.DomainID, a.DomainName)
	o.ProjectID, o.ProjectName = preferID(a.TenantID, a.TenantName)
	if a.Scope != nil && o.ProjectName != "" {
		o.ProjectDomainID, o.ProjectDomainName = preferID(a.Scope.DomainID, a.Scope.DomainName)
	}
	o.ApplicationCredentialID, o.ApplicationCredentialName = preferID(a.ApplicationCredentialID, a.ApplicationCredentialName)
	return o
}
