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

// hcl writes a decoded JSON value as HCL on one line.
func hcl(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return hclString(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return hclNumber(v)
	case *big.Int:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case tuple:
		return hcl([]any(v))
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

// hclNumber writes the 0.7000000000000001 that StackStorm keeps as the 0.7 that
// somebody wrote.
func hclNumber(n json.Number) string {
	exact, _ := exactNumber(n)
	if exact.i != nil || !exact.finite() {
		return n.String()
	}
	short := strconv.FormatFloat(exact.f, 'g', 15, 64)
	if f, err := strconv.ParseFloat(short, 64); len(short) < len(n) && err == nil && tenDecimals(f) == tenDecimals(exact.f) {
		return short
	}
	return n.String()
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

// hclKey also quotes "for", which would begin an expression.
func hclKey(k string) string {
	if identifier.MatchString(k) && k != "for" {
		return k
	}
	return hclString(k)
}

// hclString escapes what would end the string or begin one of HCL's own templates.
func hclString(s string) string {
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
