package hotpot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// bodySchema describes one request body in hotpot's OpenAPI document, in the
// order of that document. Unknown keys are allowed.
type bodySchema []property

type property struct {
	name     string
	kind     string // string, integer, boolean, array, object
	required bool
	nullable bool
	enum     []any
	least    int            // letters of a string
	most     int            // 0 = any number
	pattern  *regexp.Regexp // of a string
	items    bodySchema     // of an array of objects
}

// hostName is how the document wants one.
var hostName = regexp.MustCompile(`^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9])$`)

var (
	volumeSchema = bodySchema{
		{name: "name", kind: "string", required: true},
		{name: "multiAttach", kind: "boolean"},
		{name: "description", kind: "string"},
		{name: "size", kind: "integer", required: true},
		{name: "availabilityZone", kind: "string"},
		{name: "profileId", kind: "string"},
		{name: "poolId", kind: "string"},
		{name: "snapshotId", kind: "string"},
		{name: "groupId", kind: "string"},
		{name: "snapshotFromCloud", kind: "boolean"},
		{name: "replicationId", kind: "string"},
	}
	renameSchema = bodySchema{
		{name: "name", kind: "string"},
		{name: "description", kind: "string"},
	}
	resizeSchema     = bodySchema{{name: "newSize", kind: "integer", required: true}}
	attachmentSchema = bodySchema{
		{name: "volumeId", kind: "string", required: true},
		{name: "hostId", kind: "string", required: true},
		{name: "attachMode", kind: "string", enum: []any{"ro", "rw"}},
	}
	snapshotSchema = bodySchema{
		{name: "name", kind: "string", required: true},
		{name: "volumeId", kind: "string", required: true},
		{name: "description", kind: "string"},
		{name: "profileId", kind: "string"},
	}
	hostSchema = bodySchema{
		{name: "accessMode", kind: "string", required: true, enum: []any{"agent", "agentless"}},
		{name: "osType", kind: "string", required: true, enum: []any{"linux", "windows", "esxi"}},
		{name: "ip", kind: "string", required: true},
		{name: "hostName", kind: "string", required: true, least: 1, pattern: hostName},
		{name: "port", kind: "integer"},
		{name: "username", kind: "string"},
		{name: "password", kind: "string"},
		{name: "availabilityZones", kind: "array", nullable: true},
		{name: "initiators", kind: "array", nullable: true, items: bodySchema{
			{name: "portName", kind: "string", most: 255},
			{name: "protocol", kind: "string", enum: []any{"iscsi", "fibre_channel", "nvmeof"}},
		}},
	}
	hostChangeSchema = hostSchema.optional()
	profileSchema    = bodySchema{
		{name: "name", kind: "string", required: true, least: 1},
		{name: "storageType", kind: "string", required: true, enum: []any{"block", "file", "object"}},
		{name: "description", kind: "string"},
		{name: "customProperties", kind: "object"},
	}
)

// optional is the same schema with nothing required.
func (s bodySchema) optional() bodySchema {
	s = slices.Clone(s)
	for i := range s {
		s[i].required = false
	}
	return s
}

// check returns "" for a good body. Otherwise it returns the message of the
// real server's validating library. An empty body is good: no operation's
// document forbids it.
func (s bodySchema) check(contentType string, body []byte) string {
	if s == nil || len(body) == 0 {
		return ""
	}
	if media, _, _ := strings.Cut(contentType, ";"); media != "application/json" {
		return fmt.Sprintf("Request body has an error: header 'Content-Type' has unexpected value: %q", contentType)
	}
	var value any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil {
		return "Request body has an error: failed to decode request body: " + err.Error()
	}
	if fault := s.mismatch("", value); fault != "" {
		return "Request body has an error: doesn't match the schema: " + fault
	}
	return ""
}

// fault looks at the values given before it looks for what is not there.
func (s bodySchema) mismatch(at string, value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return property{kind: "object"}.mismatch(value)
	}
	for _, p := range s {
		given, ok := object[p.name]
		if !ok {
			continue
		}
		if fault := p.mismatch(given); fault != "" {
			return fmt.Sprintf("Error at %q:%s", at+"/"+p.name, fault)
		}
		if items, _ := given.([]any); p.items != nil {
			for i, item := range items {
				if fault := p.items.mismatch(fmt.Sprintf("%s/%s/%d", at, p.name, i), item); fault != "" {
					return fault
				}
			}
		}
	}
	for _, p := range s {
		if _, ok := object[p.name]; p.required && !ok {
			return fmt.Sprintf("Property '%s' is missing", p.name)
		}
	}
	return ""
}

// mismatch names, for a wrong type, the type that was given instead of the one
// that is needed. That mistake is the real library's.
func (p property) mismatch(value any) string {
	if p.enum != nil && !slices.Contains(p.enum, value) {
		return "JSON value is not one of the allowed values"
	}
	kind, given := "", ""
	switch value.(type) {
	case nil:
		if p.nullable {
			return ""
		}
		return "Value is not nullable"
	case bool:
		kind, given = "boolean", "boolean"
	case float64:
		kind, given = "integer", "number, integer"
	case string:
		kind, given = "string", "string"
	case []any:
		kind, given = "array", "array"
	default:
		kind, given = "object", "object"
	}
	if kind != p.kind {
		return "Field must be set to " + given + " or not be present"
	}
	if n, ok := value.(float64); ok && n != math.Trunc(n) {
		return "Value must be an integer"
	}
	text, _ := value.(string)
	return p.textFault(text)
}

func (p property) textFault(text string) string {
	switch letters := len([]rune(text)); {
	case letters < p.least:
		return fmt.Sprintf("Minimum string length is %d", p.least)
	case p.most > 0 && letters > p.most:
		return fmt.Sprintf("Maximum string length is %d", p.most)
	case p.pattern != nil && !p.pattern.MatchString(text):
		return fmt.Sprintf("JSON string doesn't match the regular expression '%s'", p.pattern)
	}
	return ""
}
