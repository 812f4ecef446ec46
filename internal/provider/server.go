package provider

import (
	"context"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// NewServer returns the provider as a CLI calls it. Every diagnostic and every
// progress message leaves through it, without secrets and without characters that
// would control a terminal.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		p := &sodaProvider{version: version, getenv: os.Getenv, secrets: &secretStore{}}
		inner := providerserver.NewProtocol6(p)()
		return &server{
			ProviderServer:     inner,
			ListResourceServer: inner.(tfprotov6.ListResourceServer),
			ActionServer:       inner.(tfprotov6.ActionServer),
			secrets:            p.secrets,
		}
	}
}

// visible escapes what would move a cursor, color a line or reverse the order of
// letters. Line feeds and tabs stay.
func visible(text string) string {
	var b strings.Builder
	for _, c := range strings.ReplaceAll(text, "\r\n", "\n") {
		switch {
		case c == '\n', c == '\t', unicode.IsPrint(c):
			b.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// server cleans what the framework's server answers.
type server struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	secrets *secretStore
	states  stateSchemas
}

// cleaned answers a call with cleaned diagnostics.
func cleaned[Request, Response any](ctx context.Context, s *server, call func(context.Context, *Request) (*Response, error), req *Request) (*Response, error) {
	resp, err := call(ctx, req)
	if resp != nil {
		if diags, ok := reflect.ValueOf(resp).Elem().FieldByName("Diagnostics").Interface().([]*tfprotov6.Diagnostic); ok {
			s.clean(diags)
		}
	}
	return resp, err
}

func (s *server) clean(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		d.Summary = strings.Join(strings.Fields(s.secrets.shown(d.Summary)), " ") // one line
		d.Detail = s.secrets.shown(d.Detail)
		placeAtLine(d) // last: a name such as api_key before a colon would hide what follows
	}
}

// placeAtLine moves a diagnostic about a nested attribute to the attribute that
// holds it, and names the nested one in the text. For on_destroy.name Terraform
// and OpenTofu print the line of the resource's own name, or of no attribute.
func placeAtLine(d *tfprotov6.Diagnostic) {
	steps := d.Attribute.Steps()
	for i, step := range steps {
		if _, nested := step.(tftypes.AttributeName); !nested || i == 0 {
			continue
		}
		if member := dotted(steps); !strings.Contains(d.Summary+d.Detail, member) {
			d.Detail = member + ": " + d.Detail
		}
		d.Attribute = tftypes.NewAttributePathWithSteps(steps[:i])
		return
	}
}

// dotted is a path as a user writes it, such as workflows[0].wfe_type.
func dotted(steps []tftypes.AttributePathStep) string {
	var b strings.Builder
	for _, step := range steps {
		switch step := step.(type) {
		case tftypes.AttributeName:
			b.WriteString("." + string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&b, "[%d]", int64(step))
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

func (s *server) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.ValidateProviderConfig, req)
}

func (s *server) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.ConfigureProvider, req)
}

func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.ValidateResourceConfig, req)
}

func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.UpgradeResourceState, req)
}

func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := cleaned(ctx, s, s.ProviderServer.ReadResource, req)
	if resp != nil {
		resp.NewState = s.cleanState(s.resourceSchema(ctx, req.TypeName), resp.NewState, nil)
	}
	return resp, err
}

func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.PlanResourceChange, req)
}

func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := cleaned(ctx, s, s.ProviderServer.ApplyResourceChange, req)
	if resp != nil {
		resp.NewState = s.cleanState(s.resourceSchema(ctx, req.TypeName), resp.NewState, nil)
	}
	return resp, err
}

func (s *server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.ImportResourceState, req)
}

func (s *server) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return cleaned(ctx, s, s.ProviderServer.ValidateDataResourceConfig, req)
}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := cleaned(ctx, s, s.ProviderServer.ReadDataSource, req)
	if resp != nil {
		resp.State = s.cleanState(s.dataSourceSchema(ctx, req.TypeName), resp.State, req.Config)
	}
	return resp, err
}

func (s *server) ValidateListResourceConfig(ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return cleaned(ctx, s, s.ListResourceServer.ValidateListResourceConfig, req)
}

func (s *server) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := s.ListResourceServer.ListResource(ctx, req)
	if stream != nil && stream.Results != nil {
		stream.Results = each(stream.Results, func(r tfprotov6.ListResourceResult) tfprotov6.ListResourceResult {
			s.clean(r.Diagnostics)
			r.DisplayName = s.secrets.shown(r.DisplayName)
			r.Resource = s.cleanState(s.resourceSchema(ctx, req.TypeName), r.Resource, nil)
			return r
		})
	}
	return stream, err
}

func (s *server) ValidateActionConfig(ctx context.Context, req *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	return cleaned(ctx, s, s.ActionServer.ValidateActionConfig, req)
}

func (s *server) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	return cleaned(ctx, s, s.ActionServer.PlanAction, req)
}

func (s *server) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	stream, err := s.ActionServer.InvokeAction(ctx, req)
	if stream != nil && stream.Events != nil {
		stream.Events = each(stream.Events, func(e tfprotov6.InvokeActionEvent) tfprotov6.InvokeActionEvent {
			switch event := e.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				event.Message = s.secrets.shown(event.Message)
				e.Type = event
			case tfprotov6.CompletedInvokeActionEventType:
				s.clean(event.Diagnostics)
			}
			return e
		})
	}
	return stream, err
}

// each changes every item of a sequence.
func each[T any](items iter.Seq[T], change func(T) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for item := range items {
			if !yield(change(item)) {
				return
			}
		}
	}
}
