package provider

import (
	"encoding/json"
	"strings"
)

// hostileInputRow is a row: what a configuration holds, and what a plan says of it.
type hostileInputRow struct {
	name  string
	of    string         // a resource, a data source or a provider
	given map[string]any // laid over what makes it complete
	says  []string       // in an error or warning; nil plans without any
}

// with are arguments, by turns a name and a value.
func with(pairs ...any) map[string]any {
	given := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		given[pairs[i].(string)] = pairs[i+1]
	}
	return given
}

// inputsOf are the parameters of a run.
func inputsOf(pairs ...any) map[string]any { return with("parameters", with(pairs...)) }

const (
	ofRun      = "resource " + instanceType
	ofService  = "resource " + serviceType
	ofAnAction = "resource soda_stackstorm_action"
	ofProvider = "provider"
	ofImport   = "import"
	reversed   = "\u202eevil"
	// lookAlike is upkeepWork with a letter of another alphabet.
	lookAlike = "оpensds.lab-work"
)

// hostileInputs are what people write out of malice, by mistake or because they took
// it from somewhere.
var hostileInputs = []hostileInputRow{
	// Ids.
	{"an empty id", ofRun, with("service_id", ""), []string{"An id must not be empty"}},
	{"blanks for an id", ofRun, with("service_id", "  "), []string{"An id must not be empty"}},
	{"one dot", ofRun, with("service_id", "."), []string{"Not an id"}},
	{"two dots", ofRun, with("service_id", ".."), []string{"Not an id"}},
	{"a path upwards", ofRun, with("service_id", "lab/../../admin"), []string{"Not an id"}},
	{"an escaped path", ofRun, with("service_id", "%2e%2e%2fadmin"), []string{"has a character that no id has"}},
	{"a query", ofRun, with("service_id", "lab?x=1"), []string{"has a character that no id has"}},
	{"a line break in an id", ofRun, with("service_id", "lab\nError: forged"), []string{"has a character that no id has"}},
	{"NUL in an id", ofRun, with("service_id", "la\x00b"), []string{"has a character that no id has"}},
	{"a reversed id", ofRun, with("service_id", reversed), []string{"has a character that no id has", `\u202eevil`}},
	{"an escape in an id", ofRun, with("service_id", "lab\x1b[31m"), []string{"has a character that no id has"}},
	{"a look-alike id", ofRun, with("service_id", "lаb"), []string{"No such service"}},
	{"a long id", ofRun, with("service_id", strings.Repeat("x", 9_000)), []string{"service"}},
	{"a run's id upwards", "data " + aRun, with("id", "execution/../../users"), []string{"Not an id"}},
	{"an execution's id that is none", "data " + aRun, with("id", "execution/last"), []string{"24 hexadecimal digits"}},
	{"a task's id upwards", "data " + aTask, with("id", "../admin"), []string{"Not an id"}},
	{"a volume's id upwards", "data " + aVolume, with("id", "../../admin"), []string{"No such volume"}},
	{"a volume's id that reverses", "data " + aVolume, with("id", reversed), []string{"No such volume", `\u202eevil`}},
	{"a backend's id with a slash", "data " + aBackend, with("id", "a/b"), []string{"Cannot find the backend"}},

	// Names.
	{"an empty name", ofRun, with("name", ""), []string{"at least 1"}},
	{"a service of no name", "data " + aService, with("name", ""), []string{"at least 1"}},
	{"a service of a reversed name", "data " + aService, with("name", reversed+"\x1b[2J"), []string{`\u202eevil\x1b[2J`}},
	{"a service by nothing", "data " + aService, nil, []string{"Exactly one of"}},
	{"a service by both", "data " + aService, with("id", "a", "name", "b"), []string{"Exactly one of"}},
	{"a volume of a reversed name", "data " + aVolume, with("name", reversed), []string{"There is no volume", `\u202eevil`}},
	{"a workflow of no pack", "data soda_orchestration_workflow", with("ref", "lab-work"), []string{"must be a reference"}},
	{"a workflow of two lines", "data soda_orchestration_workflow", with("ref", "opensds.lab\n-work"), []string{"must be a reference"}},
	{"a volume's status", "data " + aVolume, with("name", "v", "wait_for_status", "ready"), []string{"wait_for_status"}},

	// Actions.
	{"an empty action", ofRun, with("action", ""), []string{"at least 1"}},
	{"a look-alike action", ofRun, with("action", lookAlike), []string{"The service has no such workflow", "Did you mean " + upkeepWork}},
	{"an action as a path", ofRun, with("action", "opensds/../lab-work"), []string{"The service has no such workflow"}},
	{"an action that reverses", ofRun, with("action", "opensds."+reversed), []string{`opensds.\u202eevil`}},

	// Inputs.
	{"inputs as text", ofRun, with("parameters", `{"message": "x"}`), []string{"Inputs must be an object"}},
	{"inputs as a list", ofRun, with("parameters", []any{"x"}), []string{"Inputs must be an object"}},
	{"an input of the server", ofRun, inputsOf("tenant_id", "other"), []string{"Workflow input set by the server"}},
	{"a token for an input", ofRun, inputsOf("auth_token", "x"), []string{"Workflow input set by the server"}},
	{"a look-alike input", ofRun, inputsOf("mеssage", "x"), []string{"Unknown workflow input", `Did you mean "message"`}},
	{"an input of two lines", ofRun, inputsOf("message\nError: forged", "x"), []string{"Unknown workflow input"}},
	{"an input of no name", ofRun, inputsOf("", "x"), []string{"Unknown workflow input"}},
	{"a template", ofRun, inputsOf("message", "{{ config_context.password }}"), []string{"Template in a workflow input"}},
	{"half a number", ofRun, inputsOf("count", json.Number("1.5")), []string{"Workflow input that StackStorm changes"}},
	{"letters for a number", ofRun, inputsOf("count", "10x"), []string{"Invalid workflow input"}},
	{"NaN for a number", ofRun, inputsOf("count", "NaN"), []string{"Invalid workflow input"}},
	{"infinity", ofRun, inputsOf("count", "Infinity"), []string{"Invalid workflow input"}},
	{"a number beyond JSON", ofRun, inputsOf("count", json.Number("1e99999")), []string{"Invalid workflow input", "1.000000e+99999"}},
	{"half an object", ofRun, inputsOf("settings", `{"a":`), []string{"Invalid workflow input"}},
	{"a list for an object", ofRun, inputsOf("settings", []any{"x"}), []string{"Invalid workflow input"}},
	{"controls in an input", ofRun, inputsOf("message", "\x1b[31m\u202e"), nil},
	{"quotes in an input", ofRun, inputsOf("message", hostileInput+"${x}%{y}"), nil},
	{"nothing but null", ofRun, inputsOf("message", nil), nil},
	{"a trigger of null", ofRun, with("triggers", with("a", nil)), nil},

	// Times.
	{"no time", ofRun, with("timeouts", with("create", "0s")), []string{"A timeout must be above zero"}},
	{"time that runs backwards", ofRun, with("timeouts", with("create", "-1h")), []string{"A timeout must be above zero"}},
	{"time in words", ofRun, with("timeouts", with("create", "soon")), []string{"create"}},
	{"time without end", ofRun, with("timeouts", with("create", "99999999999h")), []string{"create"}},

	// What is run at destroy.
	{"a clean-up of no service", ofRun, with("on_destroy", with("action", upkeepRemove, "service_id", "..")), []string{"Not an id"}},
	{"a look-alike clean-up", ofRun, with("on_destroy", with("action", lookAlike)), []string{"The service has no such workflow"}},

	// Services.
	{"a service of no group", ofService, with("group", ""), []string{"at least 1"}},
	{"a service of no workflow", ofService, with("workflows", []any{}), []string{"at least 1"}},
	{"a source with a blank", ofService, with("workflows", []any{with("definition_source", "opensds.lab work")}), []string{"opensds.lab work"}},
	{"a look-alike source", ofService, with("workflows", []any{with("definition_source", lookAlike)}), []string{lookAlike}},
	{"one source twice", ofService, with("workflows", []any{with("definition_source", upkeepWork), with("definition_source", upkeepWork)}), []string{"Workflow listed twice"}},

	// Uploads.
	{"an upload's name upwards", ofAnAction, with("name", "../x"), []string{"must have letters"}},
	{"an upload's pack upwards", ofAnAction, with("pack", ".."), []string{"must have lower-case letters"}},
	{"a file upwards", ofAnAction, with("files", with("../../etc/passwd", "x")), []string{"Invalid path of a file"}},
	{"a file from the root", ofAnAction, with("files", with("/etc/passwd", "x")), []string{"Invalid path of a file"}},
	{"a file in another spelling", ofAnAction, with("files", with("lib//../x.py", "x")), []string{"Invalid path of a file"}},
	{"an entry point upwards", ofAnAction, with("entry_point", "../../x.yaml"), []string{"Invalid path of a file"}},
	{"YAML that is none", ofAnAction, with("content", "a: [1"), []string{"Invalid workflow definition"}},
	{"YAML that grows", ofAnAction, with("content", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\ni: [*h,*h,*h,*h,*h,*h,*h,*h,*h]\n"), []string{"Invalid workflow definition"}},
	{"YAML of binary", ofAnAction, with("content", "\x00\x01\x02"), []string{"Invalid workflow definition"}},

	// Imports.
	{"an import of nothing", ofImport, with("id", ""), []string{"id"}},
	{"an import upwards", ofImport, with("id", "../x"), []string{"Not an id"}},
	{"an import with an escape", ofImport, with("id", "x\x1b[31m"), []string{"Not an id", `x\x1b[31m`}},

	// Settings of the provider.
	{"an endpoint of another kind", ofProvider, with("endpoint", "ftp://soda"), []string{"Invalid provider setting", "endpoint"}},
	{"an endpoint of no host", ofProvider, with("endpoint", "http://"), []string{"Invalid provider setting"}},
	{"an endpoint with a password", ofProvider, with("endpoint", "http://admin:hush-hush@soda:5000"), []string{"Invalid provider setting"}},
	{"an endpoint with a query", ofProvider, with("endpoint", "http://soda:5000/?x=1"), []string{"Invalid provider setting"}},
	{"an endpoint with an escape", ofProvider, with("endpoint", "http://so\x1bda"), []string{"another control character"}},
	{"half an address", ofProvider, with("endpoint", "http://[::1"), []string{"Invalid provider setting"}},
	{"a tenant upwards", ofProvider, with("tenant_id", "../admin"), []string{"tenant_id"}},
	{"a timeout of nothing", ofProvider, with("request_timeout", "0s"), []string{"positive duration"}},
	{"retries without end", ofProvider, with("max_retries", 1_000_000), []string{"max_retries"}},
	{"an unknown way to log in", ofProvider, with("auth_strategy", "kerberos\u202e"), []string{"auth_strategy"}},
	{"a certificate that is none", ofProvider, with("ca_cert_pem", "no certificate"), []string{"ca_cert_pem"}},
	{"a certificate's file that is none", ofProvider, with("ca_cert_file", "/proc/nothing\u202e"), []string{"ca_cert_file"}},
	{"pauses the wrong way round", ofProvider, with("poll_interval", with("min", "9s", "max", "1s")), []string{"is above max"}},
	{"a key of two lines", ofProvider, with("stackstorm", with("url", "http://127.0.0.1:1", "api_key", "key-of\x01two-lines")), []string{"api_key"}},
	{"StackStorm with a password", ofProvider, with("stackstorm", with("url", "http://me:hush-hush@st2", "api_key", "key")), []string{"must not hold a user name or password"}},
}
