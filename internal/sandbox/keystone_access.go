package sandbox

import (
	"errors"
	"net/http"
	"strings"
)

// tokenCheck says what a caller's token is good for; admin means administrator
// of the project "admin". The error's text is the server's 401 message. A nil
// tokenCheck is authentication switched off.
type tokenCheck func(token string) (userID, projectID string, admin bool, err error)

// cloudCaller is whom hotpot or gelato takes a request to come from.
type cloudCaller struct {
	user, tenant string
	admin        bool
}

// identify trusts the path's tenant when nothing is checked.
func (check tokenCheck) identify(r *http.Request, pathTenant string) (cloudCaller, error) {
	if check == nil {
		return cloudCaller{tenant: pathTenant, admin: pathTenant == noauthAdminTenant}, nil
	}
	user, project, admin, err := check(strings.TrimSpace(r.Header.Get("X-Auth-Token")))
	return cloudCaller{user: user, tenant: project, admin: admin}, err
}

// cloudPolicy is what hotpot's and gelato's policy files say of an operation on
// a tenant; it is not asked when authentication is off.
type cloudPolicy func(who cloudCaller, tenant string) bool

func policyOwner(who cloudCaller, tenant string) bool { return who.admin || who.tenant == tenant }
func policyAdmin(who cloudCaller, _ string) bool      { return who.admin }
func policyAnybody(cloudCaller, string) bool          { return true }

// check is the tokenCheck of services that ask this Keystone. It never says
// that a token has expired, since Keystone itself does not (it answers 404).
func (k *keystoneServer) check(text string) (userID, projectID string, admin bool, err error) {
	if text == "" {
		return "", "", false, errors.New("token not found in header")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	token, err := k.valid(text)
	if err != nil {
		return "", "", false, errors.New("get token failed,Resource not found")
	}
	if token.project == nil {
		return "", "", false, errors.New("extract project failed,the token is unscoped")
	}
	return token.user.id, token.project.id, token.has("admin") && token.project.name == "admin", nil
}
