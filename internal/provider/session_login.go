package provider

import (
	"errors"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// cannotLogIn is the title of every failed login, whatever it was for.
const cannotLogIn = "Cannot log in to Keystone"

// repeatedLoginError stands for a login that has failed before in this process,
// and is not tried again: a wrong password that is sent for every data source can
// lock the account.
type repeatedLoginError struct{ first *keystone.Error }

func (e *repeatedLoginError) Error() string {
	return "the login failed, see the first error of this title. It is not tried again"
}
func (e *repeatedLoginError) Unwrap() error { return e.first }

// isLogin reports whether err is a failed login.
func isLogin(err error) bool { return is[*keystone.Error](err) }

// isRepeatedLogin reports whether the reason of a failed login was told already.
func isRepeatedLogin(err error) bool { return is[*repeatedLoginError](err) }

// failedLogin remembers a login that would fail again.
func (s *session) failedLogin(err error) error {
	if login, ok := errors.AsType[*keystone.Error](err); ok && !login.Temporary() {
		s.refused = login
	}
	return err
}
