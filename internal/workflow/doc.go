// Package workflow reads what a workflow declares about its inputs and reports
// what is wrong with given ones. It is pure: no network, no framework.
//
// Check follows the steps of StackStorm 3.2.0: it stores the request (kept.go),
// converts each value to the declared type (cast.go, literal.go), loosens the
// schema and fills in defaults (prepare.go), validates (validate.go, keywords.go,
// nested.go), and masks secrets in its answer (secret.go). Echoes follows the
// same steps to recognise a run by the inputs that the server shows.
package workflow
