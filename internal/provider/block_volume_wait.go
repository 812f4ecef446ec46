package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/hotpot"
	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// What hotpot says of a volume that waits for nothing.
const (
	statusAvailable = "available"
	statusInUse     = "inUse"
)

// volumeWait waits until a volume has a status.
type volumeWait struct {
	api     *hotpot.Client
	pace    wait.Pace
	want    string
	timeout time.Duration
	shown   func(string) string // for the log
}

var errVolumeTimeout = errors.New("the time allowed is over")

// await returns the volume as it was last seen.
func (w volumeWait) await(ctx context.Context, last attachedVolume) (attachedVolume, diag.Diagnostics) {
	id := last.ID
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout, errVolumeTimeout)
	defer cancel()
	pace := w.pace
	pace.Tolerate = passingLookup
	first := true
	_, err := wait.Until(ctx, pace, func(ctx context.Context) (attachedVolume, bool, error) {
		if !first {
			v, err := readVolume(ctx, w.api, id)
			if err != nil {
				return v, false, err
			}
			if v.Status != last.Status {
				tflog.Info(ctx, "volume changed", map[string]any{"volume": w.shown(id), "status": w.shown(v.Status)})
			}
			last = v
		}
		first = false
		return last, w.reached(last) || w.hopeless(last), nil
	})
	return last, w.report(last, err)
}

// reached says whether the volume is ready. An attachment that is being made or
// removed shows that its status is about to change. A volume can be "inUse"
// without any (H12).
func (w volumeWait) reached(v attachedVolume) bool {
	underWay := slices.ContainsFunc(v.attachments, func(a hotpot.Attachment) bool {
		return a.Status == "creating" || a.Status == "deleting"
	})
	return v.Status == w.want && !underWay && (w.want != statusInUse || v.attached())
}

// hopeless says whether the volume will stay as it is: "error", "errorDeleting"
// and the like, or nothing but failed attachments where one is waited for.
func (w volumeWait) hopeless(v attachedVolume) bool {
	unattached := w.want == statusInUse && len(v.attachments) > 0 && !v.attached()
	return failedStatus(v.Status) || unattached
}

// attached says whether an attachment is there that has not failed.
func (v attachedVolume) attached() bool {
	return slices.ContainsFunc(v.attachments, func(a hotpot.Attachment) bool { return !failedStatus(a.Status) })
}

func failedStatus(status string) bool { return strings.HasPrefix(status, "error") }

// passingLookup says which errors of a read do not end a wait. A 404 that is not
// about the volume is one of them: hotpot says it when its store is down (H1).
func passingLookup(err error) bool {
	if login, ok := errors.AsType[*keystone.Error](err); ok {
		return login.Temporary()
	}
	api, ok := errors.AsType[*hotpot.Error](err)
	return !ok || !hotpot.IsNotFound(err) && api.Status != http.StatusUnauthorized && api.Status != http.StatusForbidden
}

const (
	noReason  = "Hotpot gives no reason; the logs of its controller and its dock do."
	startOver = "Correct the cause and delete the volume in hotpot. Then let the workflow make another one: terraform apply -replace=ADDRESS, with the address of its run. " +
		"terraform destroy reads this data source too, unless you add -refresh=false."
)

// report says how the wait ended, if it did not end well.
func (w volumeWait) report(v attachedVolume, err error) (diags diag.Diagnostics) {
	at := path.Root("wait_for_status")
	switch {
	case err == nil && failedStatus(v.Status):
		diags.AddAttributeError(at, fmt.Sprintf("Volume %s has status %q", v.ID, v.Status),
			fmt.Sprintf("It has %s, and will not become %q by itself. %s Often no pool has the zone, the size or the profile's properties that were asked for.\n\n%s",
				v.whereAttached(), w.want, noReason, startOver))
	case err == nil && w.hopeless(v):
		diags.AddAttributeError(at, fmt.Sprintf("Volume %s is not attached", v.ID),
			fmt.Sprintf("It has status %q and %s. It will not become %q by itself. %s\n\n%s", v.Status, v.whereAttached(), w.want, noReason, startOver))
	case errors.Is(err, errVolumeTimeout):
		detail := fmt.Sprintf("It should have become %q within %s (timeouts.read). When last seen it had status %q and %s.", w.want, w.timeout, v.Status, v.whereAttached())
		if api, ok := errors.AsType[*hotpot.Error](err); ok {
			detail += fmt.Sprintf(" It could not be read any more: %s", sentence(api.Error()))
		}
		diags.AddAttributeError(at, fmt.Sprintf("Volume %s still has status %q", v.ID, v.Status),
			detail+"\n\n"+noReason+" Apply again to go on waiting, or raise timeouts.read if the storage needs longer. No run is started by that.")
	case hotpot.IsNotFound(err):
		diags.AddAttributeError(at, fmt.Sprintf("Volume %s has disappeared", v.ID), fmt.Sprintf("Somebody deleted it while Terraform waited for it to become %q.", w.want))
	case err != nil:
		addLookupError(&diags, path.Empty(), "Lost sight of volume "+v.ID, asked(hotpotServer, err))
	}
	return diags
}

func (v attachedVolume) whereAttached() string {
	if len(v.attachments) == 0 {
		return "no attachment"
	}
	var texts []string
	for _, a := range v.attachments {
		texts = append(texts, fmt.Sprintf("an attachment to host %s with status %q", a.HostID, a.Status))
	}
	return strings.Join(texts, ", ")
}
