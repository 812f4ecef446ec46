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

// addError is the one door from an error to a diagnostic: the summary says
// what we were doing, the detail what came back and what to do about it.
func addError(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, explain(err))
}

// addAttributeError is addError for an error that one argument is to blame for.
func addAttributeError(diags *diag.Diagnostics, at path.Path, summary string, err error) {
	diags.AddAttributeError(at, summary, explain(err))
}

func explain(err error) string {
	detail := sentence(err.Error())
	var (
		login   *keystone.Error
		unknown *unknownSettingsError
		api     *orchestration.Error
	)
	if refused, ok := errors.AsType[*stackstorm.Error](err); ok {
		return detail + stackStormAdvice(refused)
	}
	switch {
	case errors.As(err, &login):
		return fmt.Sprintf("%s\n\nCheck %s.", sentence(login.Error()), setting(login.Option, login.Variable))
	case errors.As(err, &unknown):
		return detail + "\n\nApply what gives these settings their value first: terraform apply -target=ADDRESS."
	case errors.Is(err, context.Canceled):
		return "The operation was interrupted."
	case errors.As(err, &api):
		return detail + advice(api)
	default:
		return detail + connectionAdvice(err)
	}
}

// connectionAdvice says what to do about a request that brought no answer.
func connectionAdvice(err error) string {
	var (
		hostname  x509.HostnameError
		untrusted *tls.CertificateVerificationError
		network   *net.OpError
		slow      interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &hostname):
		return fmt.Sprintf("\n\nThe orchestrator's certificate is for another host. Check %s.", setting("endpoint", "SODA_ENDPOINT"))
	case errors.As(err, &untrusted):
		return fmt.Sprintf("\n\nThe orchestrator's certificate is not trusted here. Check %s.", setting("ca_cert_file", "OS_CACERT"))
	case errors.As(err, &network) && network.Op == "remote error":
		return fmt.Sprintf("\n\nThe orchestrator ended the TLS handshake; usually it wants a client certificate. Check %s.", setting("client_cert_file", "OS_CERT"))
	case errors.As(err, &slow) && slow.Timeout():
		return fmt.Sprintf("\n\nThe orchestrator did not answer in time. The limit is %s.", setting("request_timeout", "SODA_REQUEST_TIMEOUT"))
	case errors.As(err, &network):
		return fmt.Sprintf("\n\nThe orchestrator cannot be reached. Check %s.", setting("endpoint", "SODA_ENDPOINT"))
	default:
		return ""
	}
}

// stackStormAdvice says what to do about an error of StackStorm. The error
// itself names the argument to look at, and here is where that may be set.
func stackStormAdvice(err *stackstorm.Error) string {
	advice := ""
	switch err.Kind {
	case stackstorm.KindPermission:
		advice = " Where StackStorm has RBAC, its administrator gives a user's role the permission that is named here."
	case stackstorm.KindUnreachable:
		advice = fmt.Sprintf(" How long one request may take is set by %s.", setting("request_timeout", "SODA_REQUEST_TIMEOUT"))
	}
	if err.Option != "" {
		advice = fmt.Sprintf(" Check %s.", setting("stackstorm."+err.Option, stackStormVariables[err.Option]...)) + advice
	}
	return strings.Replace(advice, " ", "\n\n", 1)
}

// advice says what to do about an answer of the orchestrator.
func advice(err *orchestration.Error) string {
	switch {
	case err.Status == http.StatusUnauthorized || err.Status == http.StatusForbidden:
		return "\n\nThe orchestrator itself never refuses a token, so this comes from something in front of it, or from StackStorm refusing the orchestrator's own login. Check endpoint (SODA_ENDPOINT) and the orchestrator's log."
	case err.Status == http.StatusNotFound:
		return "\n\nCheck that endpoint (SODA_ENDPOINT) names the API's root: " +
			"http://HOST:5000 for the orchestrator itself, http://HOST:8088/orch behind the dashboard."
	case err.Status >= http.StatusInternalServerError:
		return "\n\nThe orchestrator gives no reasons with such an answer; its log has them. The usual cause is that StackStorm is down."
	default:
		return ""
	}
}

// serverFault says whether the server failed, as against refused.
func serverFault(err error) bool {
	var api *orchestration.Error
	return errors.As(err, &api) && api.Status >= http.StatusInternalServerError
}

// onlyThisFails reports whether a request failed because of what it was about,
// while the orchestrator and StackStorm behind it work.
func onlyThisFails(ctx context.Context, api *orchestration.Client, err error) bool {
	if !serverFault(err) {
		return false
	}
	_, probe := api.Workflows(ctx)
	return probe == nil
}

// planWithoutAPI tells that a check was left to apply. Only credentials that
// were refused stop a plan: they would not get better by then.
func planWithoutAPI(diags *diag.Diagnostics, at path.Path, err error) {
	var unknown *unknownSettingsError
	var login *keystone.Error
	switch {
	case errors.As(err, &unknown):
		// Nothing to tell: the settings come from another resource.
	case errors.As(err, &login) && !login.Temporary():
		addError(diags, "Cannot log in to Keystone", err)
	default:
		diags.AddAttributeWarning(at, "Not checked against the catalogue",
			explain(err)+"\n\nThe plan goes on without this check; it is made at apply, before anything is started.")
	}
}
