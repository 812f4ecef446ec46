package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// addError makes a diagnostic of an error. The summary says what we were doing.
// The detail says what came back and what to do about it.
func addError(diags *diag.Diagnostics, summary string, err error) {
	if isLogin(err) {
		diags.AddError(cannotLogIn, detailOf(err)) // nothing else was tried
		return
	}
	diags.AddError(summary, detailOf(err))
}

// addAttributeError is addError for an error that one argument caused.
func addAttributeError(diags *diag.Diagnostics, at path.Path, summary string, err error) {
	if isLogin(err) {
		addError(diags, summary, err)
		return
	}
	diags.AddAttributeError(at, summary, detailOf(err))
}

// detailOf returns the detail of a diagnostic: the error and what to do about it.
func detailOf(err error) string {
	detail := sentence(err.Error())
	if refused, ok := errors.AsType[*stackstorm.Error](err); ok {
		return detail + stackStormAdvice(refused)
	}
	if isRepeatedLogin(err) {
		return upper(detail)
	}
	if login, ok := errors.AsType[*keystone.Error](err); ok {
		return fmt.Sprintf("%s\n\nCheck %s.", sentence(login.Error()), setting(login.Option, login.Variable))
	}
	if _, ok := errors.AsType[*unknownSettingsError](err); ok {
		return detail + "\n\nApply what gives these settings their value first: terraform apply -target=ADDRESS."
	}
	if errors.Is(err, context.Canceled) {
		return "The operation was interrupted."
	}
	if api, ok := errors.AsType[*orchestration.Error](err); ok {
		return detail + answerAdvice(api)
	}
	if lookup, ok := errors.AsType[*lookupError](err); ok {
		return detail + lookup.advice()
	}
	if orchestration.IsForeign(err) {
		return detail + fmt.Sprintf("\n\nWhat answers at %s is not the orchestrator's API. Usually it is the dashboard, or the login page of a proxy. %s", orchestration.ServerOf(err), endpointAdvice)
	}
	if is[tls.RecordHeaderError](err) || errors.Is(err, http.ErrSchemeMismatch) {
		return detail + fmt.Sprintf("\n\nThe server at %s does not speak TLS. Its address must begin with http://. Check %s.", orchestration.ServerOf(err), setting("endpoint", "SODA_ENDPOINT"))
	}
	return detail + connectionAdvice(err, upper(strings.TrimSpace("the orchestrator "+atServer(err))), setting("endpoint", "SODA_ENDPOINT"))
}

// atServer names the server that an error is about.
func atServer(err error) string {
	if server := orchestration.ServerOf(err); server != "" {
		return "at " + server
	}
	return ""
}

// endpointAdvice says what endpoint has to be.
const endpointAdvice = "Check that endpoint (SODA_ENDPOINT) names the API's root: http://HOST:5000 for the orchestrator itself, http://HOST:8088/orch behind the dashboard."

// connectionAdvice says what to do if a request to a server got no answer. endpoint
// is the setting that says where the server is.
func connectionAdvice(err error, server, endpoint string) string {
	network, isNetwork := errors.AsType[*net.OpError](err)
	slow, isSlow := errors.AsType[timeoutError](err)
	switch {
	case is[x509.HostnameError](err):
		return fmt.Sprintf("\n\n%s's certificate is for another host. Check %s.", server, endpoint)
	case is[*tls.CertificateVerificationError](err):
		return fmt.Sprintf("\n\n%s's certificate is not trusted here. Check %s.", server, setting("ca_cert_file", "OS_CACERT"))
	case isNetwork && network.Op == "remote error":
		return fmt.Sprintf("\n\n%s ended the TLS handshake. The usual cause is a missing client certificate. Check %s.", server, setting("client_cert_file", "OS_CERT"))
	case isSlow && slow.Timeout():
		return fmt.Sprintf("\n\n%s did not answer in time. The limit is %s.", server, setting("request_timeout", "SODA_REQUEST_TIMEOUT"))
	case isNetwork:
		return fmt.Sprintf("\n\n%s cannot be reached. Check %s.", server, endpoint)
	default:
		return ""
	}
}

// timeoutError is an error that may be a timeout. The client's own timeout has no
// Temporary, so net.Error would miss it.
type timeoutError interface {
	error
	Timeout() bool
}

// is reports whether an error of type E is in err's chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// stackStormAdvice says what to do about an error of StackStorm. The error
// itself names the argument to look at, and here is where that may be set.
func stackStormAdvice(err *stackstorm.Error) string {
	advice := ""
	switch err.Kind {
	case stackstorm.KindPermission:
		advice = " Where StackStorm has RBAC, its administrator gives a user's role the permission that is named here."
	case stackstorm.KindUnreachable:
		advice = fmt.Sprintf(" The limit for one request is %s.", setting("request_timeout", "SODA_REQUEST_TIMEOUT"))
	}
	if err.Option != "" {
		advice = fmt.Sprintf(" Check %s.", setting("stackstorm."+err.Option, stackStormVariables[err.Option]...)) + advice
	}
	return strings.Replace(advice, " ", "\n\n", 1)
}

// answerAdvice says what to do about an error that the orchestrator answered.
func answerAdvice(err *orchestration.Error) string {
	switch {
	case err.Status == http.StatusUnauthorized || err.Status == http.StatusForbidden:
		return "\n\nThe orchestrator itself accepts every token. So this answer comes from a proxy in front of it, or StackStorm refused the orchestrator's own login. Check endpoint (SODA_ENDPOINT) and the orchestrator's log."
	case err.Status == http.StatusNotFound:
		return "\n\n" + endpointAdvice
	case err.Status == http.StatusBadRequest && strings.Contains(err.Message, "HTTPS"):
		return fmt.Sprintf("\n\nThe server at %s speaks TLS only. Its address must begin with https://. Check %s.", err.Server, setting("endpoint", "SODA_ENDPOINT"))
	case err.Status == http.StatusProxyAuthRequired || err.Status >= http.StatusBadGateway && err.Status <= http.StatusGatewayTimeout:
		return fmt.Sprintf("\n\nThe orchestrator never answers so. This comes from a proxy or a gateway before it, at %s or on the way there: the orchestrator behind it may be down. "+
			"Check %s, and HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment.", err.Server, setting("endpoint", "SODA_ENDPOINT"))
	case err.Status >= http.StatusInternalServerError:
		return "\n\nThe orchestrator's log has the reason. The usual cause is that StackStorm is down."
	default:
		return ""
	}
}

// serverFault reports whether the server failed (5xx). A refusal is a 4xx.
func serverFault(err error) bool {
	api, ok := errors.AsType[*orchestration.Error](err)
	return ok && api.Status >= http.StatusInternalServerError
}

// onlyThisFails reports whether only this request fails, while the orchestrator
// and StackStorm work.
func onlyThisFails(ctx context.Context, api *orchestration.Client, err error) bool {
	if !serverFault(err) {
		return false
	}
	_, probe := api.Workflows(ctx)
	return probe == nil
}

// planWithoutAPI reports that a check is left to apply. Refused credentials stop
// the plan: they would be refused at apply too.
func planWithoutAPI(diags *diag.Diagnostics, at path.Path, err error) {
	login, isLogin := errors.AsType[*keystone.Error](err)
	switch {
	case is[*unknownSettingsError](err):
		// No message: the settings come from another resource.
	case isRepeatedLogin(err):
		// The reason is told already, and stops the plan.
	case isLogin && !login.Temporary():
		addError(diags, cannotLogIn, err)
	default:
		diags.AddAttributeWarning(at, "Not checked against the catalogue",
			detailOf(err)+"\n\nThe plan goes on without this check. It is made at apply, before anything is started.")
	}
}
