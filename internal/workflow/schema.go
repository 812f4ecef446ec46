package workflow

// schema is one JSON schema as decoded. Keywords of the wrong type count as
// absent: what cannot be understood is not held against an input.
type schema map[string]any

func (s schema) text(keyword string) string {
	v, _ := s[keyword].(string)
	return v
}

func (s schema) flag(keyword string) bool {
	v, _ := s[keyword].(bool)
	return v
}
