package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// runFilter says which runs are wanted; empty members match everything.
type runFilter struct{ serviceID, name, status, tenantID string }

func (f runFilter) matches(in orchestration.Instance) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return is(f.serviceID, in.ServiceID) && is(f.name, in.Name) && is(f.status, string(in.Status)) && is(f.tenantID, in.TenantID)
}

// inventory is what the orchestrator tells of its runs.
type inventory struct {
	runs []orchestration.Instance // each once, sorted by name and id
	// complete says that nothing is missing for certain. Only the list of all
	// runs proves that: those of one service end without a word before the
	// first run that cannot be read (contract quirk 28).
	complete bool
	// gap tells why runs are missing; empty where nothing suggests it.
	gap string
}

// takeInventory lists the runs that match. A list that cannot be had is an error,
// since an empty one would pass for "there is nothing".
func takeInventory(ctx context.Context, api *orchestration.Client, f runFilter) (inventory, error) {
	if f.serviceID != "" {
		runs, err := runsOf(ctx, api, f.serviceID)
		return newInventory(runs, f), err
	}
	runs, err := api.Instances(ctx)
	switch {
	case err == nil:
		found := newInventory(runs, f)
		found.complete = true
		return found, nil
	case !onlyThisFails(ctx, api, err):
		return inventory{}, err
	}
	services, err := api.Services(ctx)
	if err != nil {
		return inventory{}, err
	}
	ids := make([]string, 0, len(services))
	for _, s := range services {
		ids = append(ids, s.ID)
	}
	if runs, err = runsOf(ctx, api, ids...); err != nil {
		return inventory{}, err
	}
	found := newInventory(runs, f)
	found.gap = fmt.Sprintf(gapText, len(services))
	return found, nil
}

const gapText = "The orchestrator cannot list its runs, because of one that it cannot read: StackStorm has forgotten its execution, or holds it in a state " +
	"the orchestrator has no word for (canceled, timed out, abandoned, paused, delayed). The runs were listed service by service instead (%d services), where each list " +
	"ends without a word before the first such run, and runs of services without a workflow are missing.\n\n" +
	"Only removing that run's record helps; terraform destroy does that where the run is a resource."

func newInventory(runs []orchestration.Instance, f runFilter) inventory {
	seen := map[string]bool{}
	var found inventory
	for _, in := range runs {
		if !seen[in.ID] && f.matches(in) {
			found.runs = append(found.runs, in)
		}
		seen[in.ID] = true
	}
	slices.SortFunc(found.runs, func(a, b orchestration.Instance) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// runsOf lists the runs of services. Without StackStorm such a list is empty
// or cut short and says nothing of it (contract quirk 29), so something else
// that needs StackStorm is asked afterwards.
func runsOf(ctx context.Context, api *orchestration.Client, serviceIDs ...string) ([]orchestration.Instance, error) {
	var runs []orchestration.Instance
	for _, id := range serviceIDs {
		some, err := api.InstancesByService(ctx, id)
		if err != nil {
			return nil, err
		}
		runs = append(runs, some...)
	}
	if _, err := api.Workflows(ctx); err != nil {
		return nil, fmt.Errorf("the list may be cut short, since StackStorm behind the orchestrator does not seem to answer: %w", err)
	}
	return runs, nil
}
