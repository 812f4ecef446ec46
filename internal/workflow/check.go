package workflow

// Problem is one thing that is wrong, or likely so, with given inputs.
type Problem struct {
	// Path leads from the inputs to the offending member: names (string) and
	// list indexes (int). What is missing has the path of what should hold
	// it; the empty path is the inputs as a whole.
	Path []any

	Summary, Detail string

	// Warning says that StackStorm would take the inputs all the same.
	Warning bool
}

// Check tells everything StackStorm would refuse the inputs for, and which
// secrets would be stored in clear, in an order that depends on the arguments
// alone. Inputs are decoded JSON with numbers as json.Number, and Unknown
// where a value is not decided; null counts as not given. writeOnly holds the
// names of those inputs that are kept out of Terraform's state; their values
// appear in no message.
func (d Declaration) Check(inputs map[string]any, writeOnly map[string]bool) []Problem {
	return nil
}
