package workflow

// masked is what StackStorm shows in place of a secret.
const masked = "********"

// Masked names the secrets whose values an echo hides, sorted.
func (d Declaration) Masked(echo map[string]any) []string {
	var names []string
	for _, p := range d.Parameters {
		if p.Secret && echo[p.Name] == masked {
			names = append(names, p.Name)
		}
	}
	return names
}

// Echoes reports whether echo, the input of an instance, is what StackStorm
// makes of inputs: cast to the declared types, secrets masked, and the
// server's own inputs added (quirks 19 and 20).
func (d Declaration) Echoes(inputs, echo map[string]any) bool {
	left := 0
	for name, v := range echo {
		if !ServerSet(name) && v != nil { // a null that was sent comes back
			left++
		}
	}
	for name, given := range inputs {
		if given == nil || ServerSet(name) {
			continue
		}
		p, _ := d.taken(name)
		want := given
		if p.Secret {
			want = masked
		} else if v, ok := cast(p.Type, given); ok {
			want = v
		}
		if !equal(echo[name], want) {
			return false
		}
		if want != nil { // some texts are null to StackStorm
			left--
		}
	}
	return left == 0
}
