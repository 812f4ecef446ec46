package provider

import (
	"fmt"
	"strings"
)

// hostileAnswer is a row: what a server answers, and what the provider says or makes
// of it.
type hostileAnswer struct {
	name  string
	at    string // a server
	read  string // the data source that asks; "" is a run that is started
	reply hostileReply

	says []string          // in the one error
	is   map[string]string // or in the state, as far as it is named
}

// method is that of the request that is answered.
func (a hostileAnswer) method() string {
	if a.at == atKeystone || a.read == "" {
		return "POST"
	}
	return "GET"
}

// The data sources that ask for a row.
const (
	aService   = "soda_orchestration_service"
	aTask      = "soda_orchestration_task"
	aRun       = "soda_orchestration_instance"
	aVolume    = "soda_block_volume"
	aHost      = "soda_block_host"
	aProfile   = "soda_block_profile"
	aBackend   = "soda_multicloud_backend"
	anyLookup  = "soda_orchestration_services"
	theTenant  = "94b280022d0c4401bcf3b0ea85870519"
	controls   = `\u001b[31m\u009b2J\u202e\u0007\rError: forged`
	controlled = `\x1b[31m\x9b2J\u202e\x07\x0dError: forged`
)

func ok(body string) hostileReply { return hostileReply{body: body} }
func plain(status int, body string) hostileReply {
	return hostileReply{status: status, contentType: "text/plain", body: body}
}
func refusal(status int, body string) hostileReply { return hostileReply{status: status, body: body} }

// grown is a service with another member.
func aServiceWith(member string) hostileReply {
	return ok(`{"id": "<<key>>", "name": "n", "description": "d", "group": "g", "tenant_id": "` + theTenant + `", "user_id": "u", "workflows": [], ` + member + `}`)
}

func aVolumeWith(member string) hostileReply {
	return ok(`{"id": "<<key>>", "name": "n", "tenantId": "` + theTenant + `", "status": "available", "size": 1, ` + member + `}`)
}

func aTaskWith(member string) hostileReply {
	return ok(`{"id": "<<key>>", "status": "succeeded", "start": "2026-01-01T00:00:00Z", ` + member + `}`)
}

func aBackendWith(member string) hostileReply {
	return ok(`{"id": "<<key>>", "name": "n", "tenantId": "` + theTenant + `", "type": "aws-s3", ` + member + `}`)
}

// anExecutionWith is an execution of StackStorm.
func anExecutionWith(member string) hostileReply {
	return ok(`{"id": "<<key>>", "status": "succeeded", "start_timestamp": "2026-01-01T00:00:00.000000Z", "context": {}, ` + member + `}`)
}

const hello = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// hostileAnswers are what servers answer out of malice, by mistake or because they
// are others.
var hostileAnswers = []hostileAnswer{
	// What is not the API.
	{"a page", atOrchestrator, aService, hostileReply{contentType: "text/html", body: "<html><title>Sign in</title></html>"}, []string{"not the orchestrator's API"}, nil},
	{"nothing", atOrchestrator, aService, ok(""), []string{"not what the API sends"}, nil},
	{"no content", atOrchestrator, aService, hostileReply{status: 204}, []string{"not what the API sends"}, nil},
	{"null", atOrchestrator, aService, ok("null"), []string{"it holds no id"}, nil},
	{"a list for an object", atOrchestrator, aService, ok("[]"), []string{"unexpected array"}, nil},
	{"a number for an object", atOrchestrator, aService, ok("1e999"), []string{"unexpected number"}, nil},
	{"NaN", atOrchestrator, aService, ok(`{"id": NaN}`), []string{"not what the API sends"}, nil},
	{"a number for an id", atOrchestrator, aService, ok(`{"id": 7}`), []string{"unexpected number id"}, nil},
	{"no id", atOrchestrator, aService, ok(`{"name": "n"}`), []string{"it holds no id"}, nil},
	{"an empty object", atOrchestrator, aService, ok("{}"), []string{"it holds no id"}, nil},
	{"objects for strings", atOrchestrator, aService, aServiceWith(`"name": {"x": 1}`), []string{"unexpected object name"}, nil},
	{"a string for a list", atOrchestrator, aService, aServiceWith(`"workflows": "all"`), []string{"unexpected string workflows"}, nil},
	{"a byte order mark", atOrchestrator, aService, ok("\ufeff{}"), []string{"not what the API sends"}, nil},
	{"UTF-16", atOrchestrator, aService, hostileReply{contentType: "application/json; charset=utf-16", body: "{\x00}\x00"}, []string{"not what the API sends"}, nil},
	{"cut short", atOrchestrator, aService, hostileReply{wire: hello + "Content-Length: 100\r\n\r\n{\"id\":"}, []string{"unexpected EOF"}, nil},
	{"cut in the JSON", atOrchestrator, aService, ok(`{"id": "`), []string{"not what the API sends"}, nil},
	{"two answers in one", atOrchestrator, aService, ok(`{"id": "a"}{"id": "b"}`), []string{"not what the API sends"}, nil},
	{"a gzip bomb", atOrchestrator, aService, hostileReply{gzipped: 80 << 20}, []string{"larger than 64 MiB"}, nil},
	{"not gzip", atOrchestrator, aService, hostileReply{header: map[string]string{"Content-Encoding": "gzip"}, body: strings.Repeat("{}", 20)}, []string{"gzip: invalid header"}, nil},
	{"nested too deep", atOrchestrator, aService, ok(strings.Repeat("[", 20_000)), []string{"not what the API sends"}, nil},
	{"broken chunks", atOrchestrator, aService, hostileReply{wire: hello + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"}, []string{"invalid byte in chunk length"}, nil},
	{"not HTTP", atOrchestrator, aService, hostileReply{wire: "SSH-2.0-<<raw>>\r\n"}, []string{"malformed HTTP"}, nil},
	{"a header without a name", atOrchestrator, aService, hostileReply{wire: "HTTP/1.1 200 OK\r\n<<raw>>\r\n\r\n"}, []string{"malformed MIME header"}, nil},
	{"interim answers only", atOrchestrator, aService, hostileReply{wire: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 10)}, []string{"connection broken"}, nil},
	{"a status of no kind", atOrchestrator, aService, hostileReply{wire: "HTTP/1.1 999 \x1b[31m\r\nContent-Length: 0\r\n\r\n"}, []string{"999"}, nil},
	{"elsewhere", atOrchestrator, aService, hostileReply{status: 302, header: map[string]string{"Location": "http://127.0.0.1:1/?t=<<query>>"}}, []string{"redirected to http://127.0.0.1:1, which is not followed"}, nil},
	{"round in circles", atOrchestrator, aService, hostileReply{status: 302, header: map[string]string{"Location": "/v1beta/" + theTenant + "/orchestration/services/<<key>>"}}, []string{"redirected"}, nil},
	{"no answer", atOrchestrator, aService, hostileReply{hang: true}, []string{"no answer within 10s"}, nil},

	// Secrets that are repeated.
	{"the token in a string", atOrchestrator, aService, refusal(400, `"you sent <<safe json>> here"`), []string{"you sent (hidden) here"}, nil},
	{"the token in text", atOrchestrator, aService, plain(400, "you sent <<raw>> here"), []string{"you sent (hidden) here"}, nil},
	{"the token quoted by Go", atOrchestrator, aService, plain(400, `you sent "<<go>>" here`), []string{`you sent "(hidden)" here`}, nil},
	{"the token in a page", atOrchestrator, aService, hostileReply{status: 403, contentType: "text/html", body: "<p>you sent <<html>> here</p>"}, []string{"you sent (hidden) here"}, nil},
	{"the token in base64", atOrchestrator, aTask, plain(401, "you sent <<base64>> and <<base64url>> here"), []string{"you sent (hidden) and (hidden) here"}, nil},
	{"the token in a URL", atOrchestrator, aTask, plain(400, "see /x?t=<<query>>&u=<<path>> here"), []string{"see /x?t=(hidden)&u=(hidden) here"}, nil},
	{"the token where a message ends", atOrchestrator, aTask, plain(400, strings.Repeat("x", 480)+" <<raw>>"), []string{"x (hidden)…"}, nil},
	{"the token by Python", atOrchestrator, aTask, refusal(400, `{"faultstring": "{u'X': u'<<python>>'}"}`), nil, nil},

	// Words that control a terminal.
	{"controls in a refusal", atOrchestrator, aTask, refusal(400, `"stop`+controls+`"`), []string{"stop [31m 2J"}, nil},
	{"controls in text", atOrchestrator, aTask, plain(500, "stop\x1b[2J\x07\xff\u202e"), []string{"stop [2J"}, nil},
	{"controls in an execution's id", atOrchestrator, aTask, ok(`{"id": "x` + controls + `", "status": "s"}`), []string{"cannot be an id"}, nil},
	{"another execution's answer", atOrchestrator, aTask, ok(`{"id": "000000000000000000000000", "status": "s"}`), []string{"the answer is for the id"}, nil},
	{"another service's answer", atOrchestrator, aService, ok(`{"id": "other"}`), []string{"the answer is for the id"}, nil},

	// Hotpot.
	{"a volume of another id", atHotpot, aVolume, ok(`{"id": "other` + controls + `"}`), []string{`the answer is for the id`}, nil},
	{"a hollow volume", atHotpot, aVolume, ok("{}"), []string{"it holds no id"}, nil},
	{"a volume without end", atHotpot, aVolume, hostileReply{gzipped: 20 << 20}, []string{"larger than 16 MiB"}, nil},
	{"a size of letters", atHotpot, aVolume, aVolumeWith(`"size": "large"`), []string{"size holds an unexpected string"}, nil},
	{"a size beyond numbers", atHotpot, aVolume, aVolumeWith(`"size": 1e99`), []string{"size holds an unexpected number"}, nil},
	{"a host's page", atHotpot, aHost, hostileReply{contentType: "text/html", body: "<html>"}, []string{"it is not JSON"}, nil},
	{"a token at hotpot", atHotpot, aHost, refusal(401, `{"message": "<<safe json>> has expired"}`), []string{"(hidden) has expired"}, nil},
	{"a profile elsewhere", atHotpot, aProfile, hostileReply{status: 307, header: map[string]string{"Location": "http://127.0.0.1:1/<<path>>"}}, []string{"redirected to http://127.0.0.1:1, which is not followed"}, nil},
	{"a profile with controls", atHotpot, aProfile, refusal(500, `{"message": "stop`+controls+`"}`), []string{"stop [31m 2J"}, nil},

	// Gelato.
	{"a backend of another id", atGelato, aBackend, ok(`{"id": "../../admin"}`), []string{`the answer is for the id "../../admin"`}, nil},
	{"a backend as a list", atGelato, aBackend, ok("[1]"), []string{"unexpected array"}, nil},
	{"a token at gelato", atGelato, aBackend, refusal(400, `{"detail": "bad <<safe json>>"}`), []string{"bad (hidden)"}, nil},
	{"a backend with a mark", atGelato, aBackend, ok("\ufeff{}"), []string{"it is not JSON"}, nil},
	{"a backend cut short", atGelato, aBackend, hostileReply{wire: hello + "Content-Length: 9\r\n\r\n{"}, []string{"unexpected EOF"}, nil},
	{"a teapot", atGelato, aBackend, plain(418, "<<raw>>\x1b]0;title\x07"), []string{"418", "(hidden) ]0;title"}, nil},

	// StackStorm.
	{"another execution", atStackStorm, aRun, ok(`{"id": "000000000000000000000000"}`), []string{"StackStorm's answer is about another one"}, nil},
	{"an execution's page", atStackStorm, aRun, hostileReply{status: 403, contentType: "text/html", body: "<html><<raw>>"}, []string{"which is not StackStorm's answer"}, nil},
	{"the key in a fault", atStackStorm, aRun, refusal(400, `{"faultstring": "key <<safe json>> and '<<base64>>'"}`), []string{"key (hidden) and '(hidden)'"}, nil},
	{"controls in a fault", atStackStorm, aRun, refusal(400, `{"faultstring": "stop`+controls+`"}`), []string{`stop\u001b[31m\u009b2J\u202e`}, nil},
	{"an execution as a list", atStackStorm, aRun, ok("[]"), []string{"unexpected array"}, nil},
	{"an execution elsewhere", atStackStorm, aRun, hostileReply{status: 301, header: map[string]string{"Location": "https://127.0.0.1:1/<<path>>"}}, []string{"it redirects to https://127.0.0.1:1"}, nil},
	{"an execution without end", atStackStorm, aRun, hostileReply{gzipped: 8 << 20}, []string{"larger than 4 MiB"}, nil},

	// Keystone.
	{"a password in JSON", atKeystone, anyLookup, refusal(400, `{"error": {"message": "bad <<safe json>>", "code": 400}}`), []string{"bad (hidden)"}, nil},
	{"a password by Python", atKeystone, anyLookup, refusal(403, `{"error": {"message": "bad '<<ascii json>>'", "code": 403}}`), []string{"bad '(hidden)'"}, nil},
	{"a login's page", atKeystone, anyLookup, hostileReply{contentType: "text/html", body: "<html><<raw>>"}, []string{"is not Keystone"}, nil},
	{"a login elsewhere", atKeystone, anyLookup, hostileReply{status: 302, header: map[string]string{"Location": "http://127.0.0.1:1/<<path>>"}}, []string{"Passwords are not sent after a redirect"}, nil},
	{"a token with controls", atKeystone, anyLookup, hostileReply{wire: "HTTP/1.1 201 Created\r\nX-Subject-Token: " + hostileToken + "\x01\r\nContent-Length: 2\r\n\r\n{}"}, []string{"Keystone"}, nil},
	{"a token of two lines", atKeystone, anyLookup, hostileReply{wire: "HTTP/1.1 201 Created\r\nX-Subject-Token : " + hostileToken + "\r\nContent-Length: 2\r\n\r\n{}"}, []string{"Keystone"}, nil},
	{"projects that repeat the password", atKeystone, anyLookup, refusal(401, `{"error": {"message": "<<safe json>>", "code": 401}}`), []string{"does not accept the login"}, nil},
	{"a token that never ends", atKeystone, anyLookup, hostileReply{status: 201, header: map[string]string{"X-Subject-Token": hostileToken}, body: `{"token": {"expires_at": "tomorrow <<safe json>>"}}`}, []string{"Keystone"}, nil},

	// Starts of runs. What has started, if anything, nobody knows.
	{"a start's page", atOrchestrator, "", hostileReply{contentType: "text/html", body: "<html><<raw>>"}, []string{"Not known whether run"}, nil},
	{"a start without an id", atOrchestrator, "", ok("{}"), []string{"Not known whether run"}, nil},
	{"a start with a path for an id", atOrchestrator, "", aRunWith(`"id": ".."`), []string{"Not known whether run"}, nil},
	{"a start with controls for an id", atOrchestrator, "", aRunWith(`"id": "x` + controls + `"`), []string{"Not known whether run"}, nil},
	{"a start of another tenant", atOrchestrator, "", aRunWith(`"tenant_id": "other"`), []string{"Not known whether run", "another run"}, nil},
	{"a start that repeats the token", atOrchestrator, "", aRunWith(`"name": "<<safe json>>"`), []string{"Not known whether run", "another run"}, nil},
	{"a refusal that repeats an input", atOrchestrator, "", refusal(400, `{"faultstring": "bad '<<input safe json>>' and <<safe json>>"}`), []string{"Cannot start run"}, nil},
	{"a refusal in the library's words", atOrchestrator, "", plain(500, "bad <<input go>> and <<input raw>> and <<go>>"), []string{"Not known whether run"}, nil},

	// Answers that are good, or good enough.
	{"duplicate keys", atOrchestrator, aService, aServiceWith(`"name": "the last"`), nil, map[string]string{"name": "the last"}},
	{"another content type", atOrchestrator, aService, hostileReply{contentType: "image/png", body: aServiceWith(`"x": 1`).body}, nil, map[string]string{"name": "n"}},
	{"controls in a description", atOrchestrator, aService, aServiceWith(`"description": "d` + controls + `\nnext"`), nil, map[string]string{"description": "d" + controlled + "\nnext"}},
	{"the token in a description", atOrchestrator, aService, aServiceWith(`"description": "d <<safe json>>"`), nil, map[string]string{"description": "d (hidden)"}},
	{"the token in a name", atOrchestrator, aService, aServiceWith(`"name": "n <<safe json>>"`), nil, map[string]string{"name": "n (hidden)"}},
	{"the token as a user", atOrchestrator, aService, aServiceWith(`"user_id": "<<safe json>>"`), nil, map[string]string{"user_id": "(hidden)"}},
	{"a name in other letters", atOrchestrator, aService, aServiceWith(`"group": "größer 中 ﬁ"`), nil, map[string]string{"group": "größer 中 ﬁ"}},
	{"invalid UTF-8", atOrchestrator, aService, aServiceWith("\"name\": \"a\xffb\""), nil, map[string]string{"name": "a\ufffdb"}},
	{"half a pair", atOrchestrator, aService, aServiceWith(`"name": "a\ud800b"`), nil, map[string]string{"name": "a\ufffdb"}},
	{"a status of two lines", atOrchestrator, aTask, aTaskWith(`"status": "done\n` + controls + `"`), nil, map[string]string{"status": `done\n` + controlled}},
	{"published controls", atOrchestrator, aTask, aTaskWith(`"published": {"x": "a` + controls + `"}`), nil, map[string]string{"published": `{"x": "a` + controls + `"}`}},
	{"the token published", atOrchestrator, aTask, aTaskWith(`"published": {"x": "a <<safe json>>"}`), nil, map[string]string{"published": `{"x": "a (hidden)"}`}},
	{"a volume's description", atHotpot, aVolume, aVolumeWith(`"description": "d` + controls + `", "status": "bad\u001b"`), nil, map[string]string{"description": "d" + controlled, "status": `bad\x1b`}},
	{"a path for a region", atGelato, aBackend, aBackendWith(`"region": "../../etc"`), nil, map[string]string{"region": "../../etc"}},
	{"what a run published", atStackStorm, aRun, anExecutionWith(`"result": {"output": {"id": "v-1", "text": "t` + controls + `", "key": "<<safe json>>", "auth_token": "x"}}`), nil,
		map[string]string{"published": `map[id:v-1 key:(hidden) text:t` + "\x1b[31m\u009b2J\u202e\a\rError: forged" + `]`}},
}

// aRunWith is the answer to a start, with another member.
func aRunWith(member string) hostileReply {
	return ok(`{"id": "33333333-4444-4555-8666-777777777777", "name": "<<key>>", "description": "", "user_id": "terraform", "service_id": "lab", "tenant_id": "` + theTenant + `", "status": "Running", ` + member + `}`)
}

// hcl is the row as a block of a configuration.
func (a hostileAnswer) hcl() string {
	key, label := hostileKey(a.name), a.label()
	switch {
	case a.read == "":
		return fmt.Sprintf(`
resource "soda_orchestration_instance" %q {
  service_id    = %q
  name          = %q
  action        = %q
  user_id       = "terraform"
  parameters    = { message = "hello" }
  parameters_wo = { password = var.input, settings = { key = var.input } }
}
`, label, upkeepService, key, upkeepWork)
	case a.at == atKeystone:
		return fmt.Sprintf("data %q %q {\n  provider = soda.%s\n}\n", a.read, label, label)
	case a.at == atStackStorm:
		key = "execution/" + key
	}
	return fmt.Sprintf("data %q %q {\n  id = %q\n}\n", a.read, label, key)
}

// label is the row's name as Terraform takes one.
func (a hostileAnswer) label() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, a.name)
}
