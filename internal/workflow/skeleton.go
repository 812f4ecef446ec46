package workflow

// Skeleton is a resource block to paste, in Terraform's canonical format: the
// required inputs with placeholders, the optional ones commented out.
func Skeleton(name, action string, d Declaration) string {
	return ""
}
