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

// inventory is a list of runs, and whether it is complete.
type inventory struct {
	runs []orchestration.Instance // each once, sorted by name and id
	// complete means that no run is missing. Only the list of all runs proves it.
	// A service's list ends before the first run that cannot be read, with status
	// 200 (quirk 28).
	complete bool
	// gap says why runs may be missing. It is empty if none seem to be.
	gap string
}

// takeInventory lists the runs that match. If there is no list it returns an
// error, since an empty list would mean that there are no runs.
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

const gapText = "The orchestrator cannot list its runs, because it cannot read one of them. StackStorm has deleted its execution, or holds it in a status " +
	"that the orchestrator cannot show (canceled, timed out, abandoned, paused, delayed). The runs were listed service by service instead (%d services). Each of these lists " +
	"ends before the first such run. Runs of services without a workflow are missing.\n\n" +
	"To list all runs again, remove the record of that run. If it is a resource, terraform destroy does that."

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

// runsOf lists the runs of services. If StackStorm is down, such a list is empty
// or cut short, with status 200 (quirk 29). So it also reads the catalogue, which
// fails then.
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
		return nil, fmt.Errorf("the list may be incomplete, because StackStorm does not seem to answer: %w", err)
	}
	return runs, nil
}
