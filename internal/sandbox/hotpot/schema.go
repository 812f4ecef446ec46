package hotpot

import (
	"encoding/json"
	"fmt"
	"math"
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
}

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
		{name: "hostName", kind: "string", required: true},
		{name: "port", kind: "integer"},
		{name: "username", kind: "string"},
		{name: "password", kind: "string"},
		{name: "availabilityZones", kind: "array", nullable: true},
		{name: "initiators", kind: "array", nullable: true},
	}
	hostChangeSchema = hostSchema.optional()
	profileSchema    = bodySchema{
		{name: "name", kind: "string", required: true},
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
	if err := json.Unmarshal(body, &value); err != nil {
		return "Request body has an error: failed to decode request body: " + err.Error()
	}
	if fault := s.mismatch(value); fault != "" {
		return "Request body has an error: doesn't match the schema: " + fault
	}
	return ""
}

// mismatch checks the given values before it looks for missing ones.
func (s bodySchema) mismatch(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return property{kind: "object"}.mismatch(value)
	}
	for _, p := range s {
		if given, ok := object[p.name]; ok {
			if fault := p.mismatch(given); fault != "" {
				return fmt.Sprintf("Error at %q:%s", "/"+p.name, fault)
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
	switch v := value.(type) {
	case nil:
		if p.nullable {
			return ""
		}
		return "Value is not nullable"
	case bool:
		kind, given = "boolean", "boolean"
	case float64:
		kind, given = "integer", "number, integer"
		if p.kind == kind && v != math.Trunc(v) {
			return "Value must be an integer"
		}
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
	return ""
}
