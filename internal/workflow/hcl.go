package workflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hcl writes a decoded JSON value on one line as Terraform's language does.
func hcl(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return hclText(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case *big.Int:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		elems := make([]string, len(v))
		for i, e := range v {
			elems[i] = hcl(e)
		}
		return "[" + strings.Join(elems, ", ") + "]"
	case map[string]any:
		return hclObject(v)
	default:
		return "(known after apply)"
	}
}

func hclObject(v map[string]any) string {
	if len(v) == 0 {
		return "{}"
	}
	members := make([]string, 0, len(v))
	for _, k := range slices.Sorted(maps.Keys(v)) {
		members = append(members, hclKey(k)+" = "+hcl(v[k]))
	}
	return "{ " + strings.Join(members, ", ") + " }"
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// hclKey quotes "for" too, which would begin an expression.
func hclKey(k string) string {
	if identifier.MatchString(k) && k != "for" {
		return k
	}
	return hclText(k)
}

// hclText escapes what would end the text or begin one of Terraform's own templates.
func hclText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(b.String())
}
