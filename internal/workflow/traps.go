package workflow

// Traps tells what is known to go wrong with inputs that StackStorm takes:
// mistakes that the shipped workflows only meet while running, and templates in
// any workflow's inputs. Problems quote no values, for some may be secret.
func Traps(action string, inputs map[string]any) []Problem {
	return nil
}
