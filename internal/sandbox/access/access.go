// Package access is what hotpot and gelato have in common: who sends a request,
// and what a policy allows that caller.
package access

import (
	"net/http"
	"strings"
)

// NoauthAdminTenant is the only tenant that counts as an administrator when
// authentication is off. It is compiled into hotpot and gelato.
const NoauthAdminTenant = "e93b4c0934da416eb9c8d120c5d04d96"

// Check looks up a caller's token. admin means administrator of the project
// "admin". The error's text is the message of the server's 401. A nil Check
// means that authentication is off.
type Check func(token string) (userID, projectID string, admin bool, err error)

// Caller is the sender of a request, as hotpot or gelato sees it.
type Caller struct {
	User, Tenant string
	Admin        bool
}

// Identify returns the sender of a request. With authentication off it trusts
// the tenant in the path.
func (check Check) Identify(r *http.Request, pathTenant string) (Caller, error) {
	if check == nil {
		return Caller{Tenant: pathTenant, Admin: pathTenant == NoauthAdminTenant}, nil
	}
	user, project, admin, err := check(strings.TrimSpace(r.Header.Get("X-Auth-Token")))
	return Caller{User: user, Tenant: project, Admin: admin}, err
}

// Policy says whether a caller may do an operation on a tenant, as in hotpot's
// and gelato's policy files. With authentication off it is not asked.
type Policy func(who Caller, tenant string) bool

// Owner allows the tenant itself and administrators.
func Owner(who Caller, tenant string) bool { return who.Admin || who.Tenant == tenant }

// Admin allows administrators.
func Admin(who Caller, _ string) bool { return who.Admin }

// Anybody allows every caller.
func Anybody(Caller, string) bool { return true }
