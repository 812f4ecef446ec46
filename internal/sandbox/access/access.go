// Package access is what hotpot and gelato have in common: whom a request comes
// from, and what a policy lets that caller do.
package access

import (
	"net/http"
	"strings"
)

// NoauthAdminTenant is the one tenant that a server with authentication off takes
// for an administrator's. It is compiled into hotpot and gelato.
const NoauthAdminTenant = "e93b4c0934da416eb9c8d120c5d04d96"

// Check says what a caller's token is good for; admin means administrator
// of the project "admin". The error's text is the server's 401 message. A nil
// Check is authentication switched off.
type Check func(token string) (userID, projectID string, admin bool, err error)

// Caller is whom hotpot or gelato takes a request to come from.
type Caller struct {
	User, Tenant string
	Admin        bool
}

// Identify trusts the path's tenant when nothing is checked.
func (check Check) Identify(r *http.Request, pathTenant string) (Caller, error) {
	if check == nil {
		return Caller{Tenant: pathTenant, Admin: pathTenant == NoauthAdminTenant}, nil
	}
	user, project, admin, err := check(strings.TrimSpace(r.Header.Get("X-Auth-Token")))
	return Caller{User: user, Tenant: project, Admin: admin}, err
}

// Policy is what hotpot's and gelato's policy files say of an operation on
// a tenant; it is not asked when authentication is off.
type Policy func(who Caller, tenant string) bool

// Owner lets the tenant itself and administrators pass.
func Owner(who Caller, tenant string) bool { return who.Admin || who.Tenant == tenant }

// Admin lets administrators pass.
func Admin(who Caller, _ string) bool { return who.Admin }

// Anybody lets every caller pass.
func Anybody(Caller, string) bool { return true }
