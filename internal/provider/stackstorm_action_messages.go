package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// reader gives the client of StackStorm, or an error that says how to get one.
func (r *stackStormActionResource) reader(diags *diag.Diagnostics) *stackstorm.Client {
	if err := r.stackStormUnknown(); err != nil {
		addError(diags, "No connection to StackStorm", err)
		return nil
	}
	client := r.stackStorm()
	if client == nil {
		diags.AddError("No connection to StackStorm", fmt.Sprintf("A soda_stackstorm_action is kept in StackStorm, so the provider needs its address and a credential.\n\nSet %s. Then set %s, or a user name and a password.",
			setting("stackstorm.url", stackStormVariables["url"]...), setting("stackstorm.api_key", stackStormVariables["api_key"]...)))
	}
	return client
}

// uploader is reader for what uploads files, which has to be allowed (S52).
func (r *stackStormActionResource) uploader(diags *diag.Diagnostics) *stackstorm.Client {
	client := r.reader(diags)
	if client != nil && !r.settings.stackStorm.allowCodeUpload {
		diags.AddError("Uploading is not allowed", fmt.Sprintf("Whoever may upload an action can run any code on StackStorm's host. So the provider wants to be told that this is meant.\n\nSet %s to true.",
			setting("stackstorm.allow_code_upload", stackStormVariables["allow_code_upload"]...)))
	}
	return client
}

// uploadFailed words why an action was not made or changed, and what is there now.
func uploadFailed(diags *diag.Diagnostics, m *stackStormActionModel, err error) {
	ref := m.Ref.ValueString()
	summary := "Cannot upload the action " + ref
	files, occupied := errors.AsType[*filesExistError](err)
	switch {
	case is[*actionExistsError](err):
		diags.AddAttributeError(path.Root("name"), "The action "+ref+" exists already", fmt.Sprintf(
			"StackStorm has an action of this name, and Terraform did not make it. Nothing was overwritten.\n\n"+
				"To manage it here, type: terraform import ADDRESS %s\nOtherwise give another name. "+
				"If an upload was interrupted before, its action is disabled and says so in its description: delete it, or import it.", ref))
	case occupied:
		diags.AddAttributeError(path.Root("overwrite_files"), "Files exist already", fmt.Sprintf(
			"The pack %s has these files with another content, and they are not in this state:%s\n\nNothing was overwritten. "+
				"Another action may use them, or an action that was destroyed has left them. Give another path, or set overwrite_files = true to replace them.", files.pack, listed("actions/", files.paths)))
	default:
		diags.AddError(summary, detailOf(err)+uploadAdvice(err, m)+afterUpload(err, ref))
	}
}

// uploadAdvice says what to do about a refusal.
func uploadAdvice(err error, m *stackStormActionModel) string {
	refused, ok := errors.AsType[*stackstorm.Error](err)
	if !ok {
		return ""
	}
	switch refused.Kind {
	case stackstorm.KindNotWritable:
		pack := m.Pack.ValueString()
		return fmt.Sprintf("\n\nStackStorm's API runs as a system user that may not write into this pack. Do this once on StackStorm's host, as root, with the group of that user:\n\n"+
			"  chgrp -R st2packs /opt/stackstorm/packs/%s/actions\n  chmod -R g+rwX /opt/stackstorm/packs/%s/actions", pack, pack)
	case stackstorm.KindTooLarge:
		return "\n\nThe web server in front of StackStorm takes about 1 MB at once. Upload less, or raise its client_max_body_size."
	}
	return ""
}

// afterUpload says what a failed upload left behind.
func afterUpload(err error, ref string) string {
	failed, ok := errors.AsType[*uploadError](err)
	switch {
	case !ok:
		return ""
	case failed.unsettled:
		return fmt.Sprintf("\n\nWhether StackStorm has made the action %s is not known. If the next apply says that it exists, import it.", ref)
	case failed.claimed != nil:
		return fmt.Sprintf("\n\nThe action %s is there, disabled, and could not be deleted. Terraform has marked it as tainted: the next apply deletes it and makes it again.", ref)
	}
	return fmt.Sprintf("\n\nThe action %s was not made. Some of its files may have been written. The next apply may write them again.", ref)
}

// warnOfWhatStays says what deleting an action does not take away.
func warnOfWhatStays(diags *diag.Diagnostics, m *stackStormActionModel, left []string) {
	var stays []string
	if len(left) > 0 {
		stays = append(stays, fmt.Sprintf("StackStorm cannot delete single files. These stay in the pack %s:%s", m.Pack.ValueString(), listed("actions/", left)))
	}
	if m.RunnerType.ValueString() == runnerMistral {
		stays = append(stays, fmt.Sprintf("Services that were registered with %s stay at the orchestrator. Their runs are refused until there is an action of that name again.", m.Ref.ValueString()))
	}
	if len(stays) > 0 {
		diags.AddWarning("The action "+m.Ref.ValueString()+" is deleted, but not everything", strings.Join(stays, "\n\n"))
	}
}

// listed writes one name a line. What follows a name such as api_key and a comma
// would be taken for a secret.
func listed(prefix string, names []string) string {
	return "\n\n  " + prefix + strings.Join(names, "\n  "+prefix)
}

// isActionRef says whether a text has the form pack.name.
func isActionRef(text string) bool {
	pack, name, ok := strings.Cut(text, ".")
	return ok && pack != "" && name != "" && !strings.ContainsAny(text, "/ ")
}
