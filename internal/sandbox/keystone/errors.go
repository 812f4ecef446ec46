package keystone

import (
	"errors"
	"fmt"
	"net/http"
)

// apiError is an error answer of Keystone.
type apiError struct {
	status  int
	message string
}

func (e *apiError) Error() string { return e.message }

func (e *apiError) body() object {
	return object{"error": object{
		"code": e.status, "message": e.message, "title": http.StatusText(e.status),
	}}
}

// errLogin answers every failed authentication: a wrong password, an unknown
// user, no role on the project, or an expired token.
var errLogin = &apiError{http.StatusUnauthorized, "The request you have made requires authentication."}

func forbidden(action string) error {
	return &apiError{http.StatusForbidden, "You are not authorized to perform the requested action: " + action + "."}
}

func notFound(format string, args ...any) error {
	return &apiError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func malformed(what string) error {
	return &apiError{http.StatusBadRequest, what + ". The server could not comply with the request since it is either" +
		" malformed or otherwise incorrect. The client is assumed to be in error."}
}

func invalid(message string) error {
	return &apiError{http.StatusBadRequest, message}
}

func asAPIError(err error) *apiError {
	if known, ok := errors.AsType[*apiError](err); ok {
		return known
	}
	return &apiError{http.StatusInternalServerError, err.Error()}
}
