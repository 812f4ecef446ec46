package provider

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// planAction plans a new action against a sandbox, which must not see a request.
func planAction(t *testing.T, given map[string]any) (*wire, *tfprotov6.PlanResourceChangeResponse, []*tfprotov6.Diagnostic) {
	t.Helper()
	sb := start(t, sandbox.Config{})
	w := dialAs(t, sb, uploading(sb, map[string]any{"url": "http://127.0.0.1:1"}))
	plan, diags := w.plan(actionType, savedResource{}, given)
	return w, plan, diags
}

func withoutParameter(name string) map[string]any {
	parameters := maps.Clone(ownAction(nil)["parameters"].(map[string]any))
	delete(parameters, name)
	return parameters
}

func withParameter(name string, declared any) map[string]any {
	parameters := maps.Clone(ownAction(nil)["parameters"].(map[string]any))
	parameters[name] = declared
	return parameters
}

// What StackStorm never looks at, or only when everything else is there, shows
// in the plan, on the argument that is wrong.
func TestPlanOfAnActionFinds(t *testing.T) {
	large := strings.Repeat("#", 500_000)
	const (
		content    = `AttributeName("content")`
		parameters = `AttributeName("parameters")`
		entryPoint = `AttributeName("entry_point")`
	)
	file := func(name string) string { return `AttributeName("files").ElementKeyString("` + name + `")` }
	python := func(more map[string]any) map[string]any {
		given := map[string]any{"runner_type": "python-script", "content": "", "parameters": nil}
		maps.Copy(given, more)
		return given
	}
	for name, c := range map[string]struct {
		more map[string]any
		want []string // the path and texts of the only diagnostic; nil for none
	}{
		"nothing":                       {nil, nil},
		"no YAML":                       {map[string]any{"content": "a: [1"}, []string{content, "The content is not YAML"}},
		"another name in the workflow":  {map[string]any{"content": strings.ReplaceAll(ownWorkflow, "opensds.own", "opensds.other")}, []string{content, "the name of its action: opensds.own"}},
		"an input that is not taken":    {map[string]any{"parameters": withParameter("size", map[string]any{"type": "integer"})}, []string{content, "Add to its input:\n\n  size"}},
		"a workflow of another pack":    {map[string]any{"pack": "mine"}, []string{content, "the name of its action: mine.own"}},
		"a server-set one is missing":   {map[string]any{"parameters": withoutParameter("port"), "content": strings.Replace(ownWorkflow, "port, ", "", 1)}, []string{parameters, "= \"string\" }:\n\n  port\n"}},
		"no parameters at all":          {map[string]any{"parameters": nil, "content": strings.Replace(ownWorkflow, ", message", "", 1)}, []string{parameters, "\n  ip_addr\n  port\n  tenant_id\n  auth_token"}},
		"parameters that are a list":    {map[string]any{"parameters": []any{"x"}}, []string{parameters, "parameters must be an object"}},
		"a parameter that is no object": {map[string]any{"parameters": withParameter("message", "string")}, []string{parameters, "message must be an object"}},
		"a parameter of no type":        {map[string]any{"parameters": withParameter("message", map[string]any{"type": "text"})}, []string{parameters, `message has the type "text"`}},
		"a parameter with a bad name":   {python(map[string]any{"parameters": map[string]any{"a b": map[string]any{}}}), []string{parameters, `"a b" is not a name`}},

		"a path that leads out":            {map[string]any{"entry_point": "workflows/../../x.yaml"}, []string{entryPoint, "must be a plain path"}},
		"a path from the root":             {map[string]any{"entry_point": "/workflows/x.yaml"}, []string{entryPoint, "must be a plain path"}},
		"an empty element":                 {map[string]any{"entry_point": "workflows//x.yaml"}, []string{entryPoint, "must be a plain path"}},
		"a backslash":                      {map[string]any{"entry_point": `workflows\x.yaml`}, []string{entryPoint, "must be a plain path"}},
		"a workflow elsewhere":             {map[string]any{"entry_point": "lib/own.yaml"}, []string{entryPoint, "must begin with workflows/"}},
		"a workflow in the middle":         {map[string]any{"entry_point": "own.yaml"}, []string{entryPoint, "metadata of an action"}},
		"a runner without a usual place":   {python(map[string]any{"runner_type": "http-request"}), []string{entryPoint, "For the runner http-request there is no usual path"}},
		"an empty path":                    {map[string]any{"entry_point": ""}, []string{entryPoint, "entry_point is empty. Leave it out"}},
		"an input that nobody gives":       {map[string]any{"content": strings.Replace(ownWorkflow, "message]", "message, extra]", 1)}, []string{content, "give them a default:\n\n  extra"}},
		"a metadata file":                  {map[string]any{"files": map[string]any{"own.yaml": ""}}, []string{file("own.yaml"), "metadata of an action"}},
		"a metadata file of the other end": {map[string]any{"files": map[string]any{"own.yml": ""}}, []string{file("own.yml"), "metadata of an action"}},
		"a file that leads out":            {map[string]any{"files": map[string]any{"../x.py": ""}}, []string{file("../x.py"), "must be a plain path"}},
		"the entry point twice":            {map[string]any{"files": map[string]any{"workflows/own.yaml": ""}}, []string{file("workflows/own.yaml"), "is the entry_point"}},
		"YAML in a folder":                 {map[string]any{"files": map[string]any{"lib/own.yaml": ""}}, nil},
		"a file below a file":              {map[string]any{"files": map[string]any{"lib": "", "lib/x.py": ""}}, []string{file("lib/x.py"), `lies below "lib", which is a file`}},
		"the entry point below a file":     {map[string]any{"files": map[string]any{"workflows": ""}}, []string{file("workflows"), `The entry_point "workflows/own.yaml" lies below`}},
		"a file on top":                    {map[string]any{"files": map[string]any{"own.json": ""}}, nil},

		"a large file":           {python(map[string]any{"content": large + "#"}), []string{content, "content has 500001 bytes"}},
		"a large other file":     {python(map[string]any{"files": map[string]any{"x.py": large + "#"}}), []string{file("x.py"), "x.py has 500001 bytes"}},
		"just not too large":     {python(map[string]any{"content": large, "files": map[string]any{"x.py": large}}), nil},
		"too much at once":       {python(map[string]any{"content": large, "files": map[string]any{"x.py": large, "y.py": large}}), []string{content, "an upload of 1500"}},
		"an Orquesta workflow":   {map[string]any{"content": "version: 1.0\ninput: [ip_addr, port, tenant_id, auth_token, message]\ntasks: {a: {action: core.noop}}\n"}, []string{content, "WARNING", "This is an Orquesta workflow"}},
		"no workflow, no inputs": {python(nil), nil},

		"a bad name":   {map[string]any{"name": "a b"}, []string{`AttributeName("name")`, "must have letters"}},
		"a name's dot": {map[string]any{"name": "a.b"}, []string{`AttributeName("name")`, "must have letters"}},
		"a bad pack":   {map[string]any{"pack": "Mine"}, []string{`AttributeName("pack")`, "must have lower-case letters"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, diags := planAction(t, ownAction(c.more))
			if c.want == nil && len(diags) == 0 {
				return
			}
			if len(diags) != 1 || c.want == nil {
				t.Fatalf("%d diagnostics: %.600s", len(diags), diagnosticsText(diags))
			}
			mustContain(t, diagnosticsText(diags), c.want...)
		})
	}
}

// What is not known yet is not judged, and does not make a hash.
func TestPlanOfAnActionSkipsWhatIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		more    map[string]any
		unknown []string
	}{
		"content":      {map[string]any{"content": unknownValue{}}, []string{"content_sha256"}},
		"name":         {map[string]any{"name": unknownValue{}}, []string{"ref", "entry_point"}},
		"pack":         {map[string]any{"pack": unknownValue{}}, []string{"ref"}},
		"runner_type":  {map[string]any{"runner_type": unknownValue{}, "content": "no workflow"}, []string{"entry_point"}},
		"files":        {map[string]any{"files": unknownValue{}}, []string{"content_sha256"}},
		"a file":       {map[string]any{"files": map[string]any{"x.py": unknownValue{}}}, []string{"content_sha256"}},
		"parameters":   {map[string]any{"parameters": unknownValue{}}, []string{"parameters_hash"}},
		"a parameter":  {map[string]any{"parameters": withParameter("message", unknownValue{})}, []string{"parameters_hash"}},
		"a default":    {map[string]any{"parameters": withParameter("message", map[string]any{"default": unknownValue{}})}, []string{"parameters_hash"}},
		"entry_point":  {map[string]any{"entry_point": unknownValue{}}, []string{"entry_point"}},
		"and of these": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, plan, diags := planAction(t, ownAction(c.more))
			if len(diags) > 0 {
				t.Fatal(diagnosticsText(diags))
			}
			planned := w.attributes(actionType, plan.PlannedState)
			for _, attribute := range []string{"ref", "entry_point", "content_sha256", "parameters_hash"} {
				unknown := strings.Contains(strings.Join(c.unknown, " "), attribute)
				if planned[attribute].IsKnown() == unknown {
					t.Errorf("%s is %s", attribute, planned[attribute])
				}
			}
		})
	}
}

func TestUsualPlaces(t *testing.T) {
	for runner, want := range map[string]string{
		"mistral-v2": "workflows/own.yaml", "orquesta": "workflows/own.yaml", "action-chain": "chains/own.yaml",
		"python-script": "own.py", "local-shell-script": "own.sh", "remote-shell-script": "own.sh", "http-request": "",
	} {
		if got := defaultEntryPoint("own", runner); got != want {
			t.Errorf("%s: %q, want %q", runner, got, want)
		}
	}
}

// Hashes change with what they are of, and with nothing else.
func TestHashesOfAnAction(t *testing.T) {
	hashes := func(more map[string]any) (content, parameters string) {
		w, plan, diags := planAction(t, ownAction(more))
		if hasError(diags) {
			t.Fatal(diagnosticsText(diags))
		}
		texts := w.attributeTexts(w.resourceType(actionType), plan.PlannedState)
		return texts["content_sha256"], texts["parameters_hash"]
	}
	content, parameters := hashes(nil)
	if content != hash(ownWorkflow) {
		t.Errorf("content_sha256 is %s", content)
	}
	for name, c := range map[string]struct {
		more                         map[string]any
		otherContent, otherParameter bool
	}{
		"the description": {map[string]any{"description": "x"}, false, false},
		"no files":        {map[string]any{"files": map[string]any{}}, false, false},
		"a null member":   {map[string]any{"parameters": withParameter("message", map[string]any{"type": "string", "default": "hello", "position": 4, "enum": nil})}, false, false},
		"the content":     {map[string]any{"content": ownWorkflow + "\n"}, true, false},
		"a file":          {map[string]any{"files": map[string]any{"x.py": ""}}, true, false},
		"a default":       {map[string]any{"parameters": withParameter("message", map[string]any{"type": "string", "default": "bye", "position": 4})}, false, true},
	} {
		gotContent, gotParameters := hashes(c.more)
		if (gotContent != content) != c.otherContent || (gotParameters != parameters) != c.otherParameter {
			t.Errorf("%s: %s and %s, were %s and %s", name, gotContent, gotParameters, content, parameters)
		}
	}
}

func TestWhatReplacesAnAction(t *testing.T) {
	sb := start(t, sandbox.Config{})
	own := applyAction(t, sb, savedResource{}, ownAction(nil))
	for name, c := range map[string]struct {
		more map[string]any
		want string
	}{
		"name":               {map[string]any{"name": "other", "content": strings.ReplaceAll(ownWorkflow, "opensds.own", "opensds.other")}, "replace"},
		"pack":               {map[string]any{"pack": "mine", "content": strings.ReplaceAll(ownWorkflow, "opensds.own", "mine.own")}, "replace"},
		"entry_point":        {map[string]any{"entry_point": "workflows/other.yaml"}, "replace"},
		"the same one":       {map[string]any{"entry_point": "workflows/own.yaml"}, "nothing"},
		"runner_type":        {map[string]any{"runner_type": "python-script", "content": ""}, "replace"},
		"of the same place":  {map[string]any{"runner_type": "orquesta"}, "update"},
		"overwrite_files":    {map[string]any{"overwrite_files": true}, "update"},
		"a null in a schema": {map[string]any{"parameters": withParameter("message", map[string]any{"type": "string", "default": "hello", "position": 4, "enum": nil})}, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			if change := plannedChange(t, sb, own, ownAction(c.more)); change != c.want {
				t.Errorf("the plan is to %s, want %s", change, c.want)
			}
		})
	}
}

// Without a connection or a permission nothing is planned, except that a plan
// without a change needs no permission.
func TestPlanOfAnActionNeedsAConnection(t *testing.T) {
	sb := start(t, sandbox.Config{})
	own := applyAction(t, sb, savedResource{}, ownAction(nil))
	settings := func(connection map[string]any) map[string]any {
		s := withoutLogin()
		if connection != nil {
			s["stackstorm"] = connection
		}
		return s
	}
	allowed := uploading(sb, nil)["stackstorm"].(map[string]any)
	forbidden := maps.Clone(allowed)
	delete(forbidden, "allow_code_upload")
	unknown := maps.Clone(allowed)
	unknown["password"] = unknownValue{}
	for name, c := range map[string]struct {
		connection map[string]any
		before     savedResource
		want       []string
	}{
		"none":                        {nil, savedResource{}, []string{"No connection to StackStorm", "SODA_STACKSTORM_URL", "SODA_STACKSTORM_API_KEY"}},
		"no permission":               {forbidden, savedResource{}, []string{"Uploading is not allowed", "stackstorm.allow_code_upload", "SODA_STACKSTORM_ALLOW_CODE_UPLOAD"}},
		"no permission and no change": {forbidden, own, nil},
		"one that is not known yet":   {unknown, savedResource{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := dialAs(t, sb, settings(c.connection))
			_, diags := w.plan(actionType, c.before, ownAction(nil))
			if hasError(diags) != (c.want != nil) {
				t.Errorf("it said: %s", diagnosticsText(diags))
			}
			mustContain(t, diagnosticsText(diags), c.want...)
		})
	}
	w := dialAs(t, sb, settings(nil))
	resp, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: actionType, CurrentState: own.state})
	if err != nil || !strings.Contains(diagnosticsText(resp.Diagnostics), "No connection to StackStorm") {
		t.Errorf("%v %s", err, diagnosticsText(resp.Diagnostics))
	}
}

// The catalogue has a workflow only after the apply. Services and runs of the
// same plan are checked by what the plan says of it.
func TestAPlanKnowsWhatItUploads(t *testing.T) {
	sb := start(t, sandbox.Config{})
	service := map[string]any{"name": "own", "description": "own", "group": "own", "adopt_existing": true, "validate_workflows": true,
		"workflows": []any{map[string]any{"definition_source": "opensds.own", "wfe_type": "st2"}}}
	instance := func(more map[string]any) map[string]any {
		given := upkeepArguments(map[string]any{"service_id": unknownValue{}, "action": "opensds.own", "parameters": map[string]any{"message": "x"}})
		maps.Copy(given, more)
		return given
	}
	wrong := map[string]any{"parameters": map[string]any{"mesage": "x"}}
	for name, c := range map[string]struct {
		action   map[string]any // nil for none
		service  string         // what is said of it
		instance string         // what is said of wrong inputs
	}{
		"nothing":               {nil, "The catalogue has no workflow opensds.own", ""},
		"an action":             {ownAction(nil), "", `Did you mean "message"?`},
		"parameters not known":  {ownAction(map[string]any{"parameters": unknownValue{}}), "", ""},
		"a name that is not":    {ownAction(map[string]any{"name": unknownValue{}}), "The catalogue has no workflow opensds.own", ""},
		"an action of no runs":  {ownAction(map[string]any{"runner_type": "python-script"}), "The catalogue has no workflow opensds.own", ""},
		"a file of another one": {ownAction(map[string]any{"name": "other", "content": strings.ReplaceAll(ownWorkflow, "opensds.own", "opensds.other")}), "opensds.other", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := dialAs(t, sb, uploading(sb, nil))
			if c.action != nil {
				if _, diags := w.plan(actionType, savedResource{}, c.action); hasError(diags) {
					t.Fatal(diagnosticsText(diags))
				}
			}
			for what, p := range map[string]struct {
				kind  string
				given map[string]any
				want  string
			}{
				"the service": {serviceType, service, c.service}, "right inputs": {instanceType, instance(nil), ""}, "wrong inputs": {instanceType, instance(wrong), c.instance},
			} {
				_, diags := w.plan(p.kind, savedResource{}, p.given)
				if hasError(diags) != (p.want != "") {
					t.Errorf("%s: %s", what, diagnosticsText(diags))
				}
				mustContain(t, diagnosticsText(diags), p.want)
			}
		})
	}
}

// terraform destroy plans the configuration first. What that refuses says how to
// destroy all the same, if there is something to destroy.
func TestRefusedActionCanBeDestroyed(t *testing.T) {
	sb := start(t, sandbox.Config{})
	refused := ownAction(map[string]any{"content": "a: [1"})
	made := applyAction(t, sb, savedResource{}, ownAction(nil))
	refuseAction(t, sb, made, refused, "The content is not YAML", destroyAnyway)

	c := actionCommand(t, sb, map[string]any{"allow_code_upload": false})
	c.run(made, ownAction(map[string]any{"description": "changed"}))
	mustContain(t, c.said(), "Uploading is not allowed", destroyAnyway)

	c = actionCommand(t, sb, map[string]any{"allow_code_upload": false})
	c.withoutRefresh = true
	if left := c.run(made, nil); c.failed || left.state != nil {
		t.Errorf("not destroyed: %s", c.said())
	}

	c = actionCommand(t, sb, nil)
	c.run(savedResource{}, refused)
	if strings.Contains(c.said(), destroyAnyway) {
		t.Errorf("there is nothing to destroy: %s", c.said())
	}
}
