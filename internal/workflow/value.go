package workflow

// Unknown stands, at any depth of the inputs, for a value that is not decided
// yet. Whatever depends on it is not checked.
var Unknown any = unknown{}

type unknown struct{}

// kindOf names what sort of value v is, in JSON's words with their article.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return "a number"
	}
}
