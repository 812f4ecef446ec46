package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// identitySchema is the identity of a service and of a run: tenant and id.
func identitySchema() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"tenant_id": identityschema.StringAttribute{OptionalForImport: true, Description: "Tenant it belongs to; default: the provider's."},
		"id":        identityschema.StringAttribute{RequiredForImport: true, Description: "ID at the orchestrator."},
	}}
}

type identityModel struct {
	TenantID types.String `tfsdk:"tenant_id"`
	ID       types.String `tfsdk:"id"`
}

// setIdentity must be called by Create, Read and Update, even by a Read that
// finds nothing. Terraform before 1.12 sends no identity to Read, but the
// framework requires one in the answer.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, tenantID, id types.String) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, identityModel{TenantID: tenantID, ID: id})
}
