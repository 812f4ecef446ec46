package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// destroyAnyway ends what stops a plan. terraform destroy plans the configuration
// first, as any plan does, to refresh the state. A provider cannot tell that plan
// from another.
const destroyAnyway = "To destroy although this stands in the configuration, type terraform destroy -refresh=false."

// hintAtDestroy adds destroyAnyway to the last error, if there is something in the
// state that could be destroyed.
func (s *session) hintAtDestroy(diags diag.Diagnostics) diag.Diagnostics {
	if !s.sawState.Load() {
		return diags
	}
	for i := len(diags) - 1; i >= 0; i-- {
		if diags[i].Severity() == diag.SeverityError {
			hinted := append(diag.Diagnostics{}, diags...)
			hinted[i] = withHint(diags[i])
			return hinted
		}
	}
	return diags
}

// hint is a diagnostic with destroyAnyway at its end.
type hint struct{ diag.Diagnostic }

func (h hint) Detail() string { return h.Diagnostic.Detail() + "\n\n" + destroyAnyway }

// hintWithPath is a hint with the path of what it is about.
type hintWithPath struct {
	hint
	diag.DiagnosticWithPath
}

func (h hintWithPath) Detail() string                   { return h.hint.Detail() }
func (h hintWithPath) Severity() diag.Severity          { return h.hint.Severity() }
func (h hintWithPath) Summary() string                  { return h.hint.Summary() }
func (h hintWithPath) Equal(other diag.Diagnostic) bool { return h.hint.Equal(other) }

func withHint(d diag.Diagnostic) diag.Diagnostic {
	if at, ok := d.(diag.DiagnosticWithPath); ok {
		return hintWithPath{hint{d}, at}
	}
	return hint{d}
}
