package workflow

// Suggest returns the one of among that word most likely was meant to be, or
// "" if none is near.
func Suggest(word string, among []string) string {
	return ""
}
