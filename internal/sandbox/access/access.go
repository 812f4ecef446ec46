// Package access is what hotpot and gelato have in common: who sends a request,
// and what a policy allows that caller.
package access

import (
	"net/http"
	"strings"
)

// The tenants that hotpot and gelato take for an administrator when
// authentication is off. They are compiled into them.
const (
	HotpotAdmin = "e93b4c0934da416eb9c8d120c5d04d96"
	GelatoAdmin = "adminTenantId"
)

// Check says whom a token stands for. The error's text is the server's 401
// message. A nil Check is authentication switched off.
type Check func(token string) (Caller, error)

// Caller is the sender of a request, as hotpot or gelato sees it.
type Caller struct {
	User, Tenant string // the project of the token; "" = it is unscoped
	// Admin has the role admin, and sees what belongs to others.
	Admin bool
	// Cloud has it in the project "admin". Hotpot lets nobody else act under
	// another project's path, see pools and docks, or change profiles (H7).
	Cloud bool
}

// Identify trusts the path's tenant when nothing is checked. The one tenant that
// the server then takes for an administrator's is compiled into it.
func (check Check) Identify(r *http.Request, pathTenant, adminTenant string) (Caller, error) {
	if check == nil {
		isAdmin := pathTenant == adminTenant
		return Caller{Tenant: pathTenant, Admin: isAdmin, Cloud: isAdmin}, nil
	}
	return check(strings.TrimSpace(r.Header.Get("X-Auth-Token")))
}

// Policy is what hotpot's policy file says of an operation on a tenant. It is
// not asked when authentication is off.
type Policy func(who Caller, tenant string) bool

// Owner lets the tenant itself and administrators of the cloud pass.
func Owner(who Caller, tenant string) bool { return who.Cloud || who.Tenant == tenant }

// Admin lets administrators of the cloud pass.
func Admin(who Caller, _ string) bool { return who.Cloud }

// Anybody allows every caller.
func Anybody(Caller, string) bool { return true }
