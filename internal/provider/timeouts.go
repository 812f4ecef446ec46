package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ resource.ResourceWithValidateConfig = (*instanceResource)(nil)
	_ action.ActionWithValidateConfig     = (*runAction)(nil)

	_ datasource.DataSourceWithValidateConfig = (*blockVolumeDataSource)(nil)
)

// ValidateConfig refuses timeouts in which nothing can be done.
func (r *instanceResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	resp.Diagnostics.Append(positiveTimeouts(m.Timeouts.Attributes())...)
}

// ValidateConfig refuses timeouts in which nothing can be done.
func (a *runAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var m runActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	resp.Diagnostics.Append(positiveTimeouts(m.Timeouts.Attributes())...)
}

// ValidateConfig refuses timeouts in which nothing can be done.
func (d *blockVolumeDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var m blockVolumeWaitModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	resp.Diagnostics.Append(positiveTimeouts(m.Timeouts.Attributes())...)
}

func positiveTimeouts(timeouts map[string]attr.Value) (diags diag.Diagnostics) {
	for name, v := range timeouts {
		text, ok := v.(types.String)
		if !ok {
			continue
		}
		d, err := time.ParseDuration(text.ValueString())
		if err != nil || d > 0 {
			continue
		}
		advice := `Give a duration such as "30m".`
		if name == "create" || name == "update" || name == "invoke" {
			advice = `Give a duration such as "30m", or set wait_for_completion = false to wait for none.`
		}
		diags.AddAttributeError(path.Root("timeouts"), "A timeout must be above zero",
			fmt.Sprintf("timeouts.%s is %q, in which nothing can be waited for. %s", name, text.ValueString(), advice))
	}
	return diags
}

// isSet reports whether the configuration sets the timeout.
func isSet(timeouts map[string]attr.Value, name string) bool {
	v, ok := timeouts[name]
	return ok && !v.IsNull()
}
