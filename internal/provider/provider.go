// Package provider is the Terraform side: the provider, its resources, data
// sources, list resources and action, and the words of every message.
package provider

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

var (
	_ provider.ProviderWithListResources = (*sodaProvider)(nil)
	_ provider.ProviderWithActions       = (*sodaProvider)(nil)
)

type sodaProvider struct {
	version string
	getenv  func(string) string
	secrets *secretStore // nil if nobody cleans messages
}

// New returns the provider's constructor for a release version.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		return &sodaProvider{version: version, getenv: os.Getenv}
	}
}

func (p *sodaProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "soda"
	resp.Version = p.version
}

// Configure reads the settings. It sends nothing: the login happens with the
// first request.
func (p *sodaProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	set, diags := m.settings(ctx, p.getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	s := newSession(set)
	s.store = p.secrets
	s.store.add(set.secrets()...)
	resp.ResourceData = s
	resp.DataSourceData = s
	resp.ListResourceData = s
	resp.ActionData = s
}

func (p *sodaProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newServiceResource, newInstanceResource, newStackStormActionResource}
}

func (p *sodaProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newServiceDataSource,
		newServicesDataSource,
		newInstanceDataSource,
		newInstancesDataSource,
		newTaskDataSource,
		newWorkflowDataSource,
		newWorkflowsDataSource,

		newBlockProfileDataSource,
		newBlockHostDataSource,
		newBlockVolumeDataSource,
		newBlockVolumesDataSource,
		newBlockZonesDataSource,
		newBackendDataSource,
		newBackendsDataSource,
		newPlanDataSource,
		newJobsDataSource,
	}
}

func (p *sodaProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newServiceList, newInstanceList}
}

func (p *sodaProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRunAction}
}
