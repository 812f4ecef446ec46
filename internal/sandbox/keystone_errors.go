package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// keystoneError is an answer of Keystone's that is none.
type keystoneError struct {
	status  int
	message string
}

func (e *keystoneError) Error() string { return e.message }

func (e *keystoneError) body() keystoneObject {
	return keystoneObject{"error": keystoneObject{
		"code": e.status, "message": e.message, "title": http.StatusText(e.status),
	}}
}

// errKeystoneLogin is what everything reads like that has to do with who one
// is: a wrong password, an unknown user, no role, a token that has expired.
var errKeystoneLogin = &keystoneError{http.StatusUnauthorized, "The request you have made requires authentication."}

func keystoneForbidden(action string) error {
	return &keystoneError{http.StatusForbidden, "You are not authorized to perform the requested action: " + action + "."}
}

func keystoneMissing(format string, args ...any) error {
	return &keystoneError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func keystoneMalformed(what string) error {
	return &keystoneError{http.StatusBadRequest, what + ". The server could not comply with the request since it is either" +
		" malformed or otherwise incorrect. The client is assumed to be in error."}
}

func keystoneInvalid(message string) error {
	return &keystoneError{http.StatusBadRequest, message}
}

func asKeystoneError(err error) *keystoneError {
	var known *keystoneError
	if errors.As(err, &known) {
		return known
	}
	return &keystoneError{http.StatusInternalServerError, err.Error()}
}
