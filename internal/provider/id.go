package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// notAnID is the title of what is wrong with an id.
const notAnID = "Not an id"

// idProblem says why a string cannot be the id of a run or a service. It is
// empty for a string that may be one. The orchestrator ignores a slash at the
// end, and answers with another id than it was asked for.
func idProblem(id string) string {
	trimmed := strings.Trim(strings.TrimSpace(id), "/")
	switch {
	case trimmed == "":
		return "An id must not be empty."
	case strings.ContainsFunc(trimmed, inNoID):
		return fmt.Sprintf("%q has a character that no id has.", id)
	case slices.ContainsFunc(strings.Split(trimmed, "/"), leadsElsewhere):
		return fmt.Sprintf("%q is a path that leads elsewhere.", id)
	case trimmed != id && strings.ContainsAny(id, "\r\n"):
		return fmt.Sprintf("%q has a line break at its beginning or end. Write %q.", id, trimmed)
	case trimmed != id:
		return fmt.Sprintf("%q has a slash or a blank at its beginning or end. Write %q.", id, trimmed)
	}
	return ""
}

func inNoID(r rune) bool {
	return !unicode.IsPrint(r) || unicode.IsSpace(r) || strings.ContainsRune("?#%", r)
}

func leadsElsewhere(element string) bool { return element == "" || element == "." || element == ".." }

// importByID imports by id or identity.
func importByID(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
	var id types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if problem := idProblem(id.ValueString()); problem != "" && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddError(notAnID, problem)
	}
}

// anID refuses what cannot be an id, before anybody is asked for it.
type anID struct{}

func (anID) Description(context.Context) string               { return "must be an id" }
func (v anID) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (anID) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := idProblem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, notAnID, problem)
	}
}
