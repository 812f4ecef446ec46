package main

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The types below have the keys of Terraform's output. They leave out what
// Terraform leaves out.

type document struct {
	FormatVersion   string                    `json:"format_version"`
	ProviderSchemas map[string]providerSchema `json:"provider_schemas"`
}

type providerSchema struct {
	Provider      schema              `json:"provider"`
	Resources     map[string]schema   `json:"resource_schemas,omitempty"`
	DataSources   map[string]schema   `json:"data_source_schemas,omitempty"`
	ListResources map[string]schema   `json:"list_resource_schemas,omitempty"`
	Actions       map[string]action   `json:"action_schemas,omitempty"`
	Identities    map[string]identity `json:"resource_identity_schemas,omitempty"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

// action has no version: an action has no state to upgrade.
type action struct {
	Block block `json:"block"`
}

type block struct {
	Attributes         map[string]attribute   `json:"attributes,omitempty"`
	BlockTypes         map[string]nestedBlock `json:"block_types,omitempty"`
	Description        string                 `json:"description,omitempty"`
	DescriptionKind    string                 `json:"description_kind"`
	Deprecated         bool                   `json:"deprecated,omitempty"`
	DeprecationMessage string                 `json:"deprecation_message,omitempty"`
}

type nestedBlock struct {
	NestingMode string `json:"nesting_mode"`
	Block       block  `json:"block"`
	MinItems    int64  `json:"min_items,omitempty"`
	MaxItems    int64  `json:"max_items,omitempty"`
}

type attribute struct {
	Type               tftypes.Type `json:"type,omitempty"`
	NestedType         *nestedType  `json:"nested_type,omitempty"`
	Description        string       `json:"description,omitempty"`
	DescriptionKind    string       `json:"description_kind"`
	Required           bool         `json:"required,omitempty"`
	Optional           bool         `json:"optional,omitempty"`
	Computed           bool         `json:"computed,omitempty"`
	Sensitive          bool         `json:"sensitive,omitempty"`
	WriteOnly          bool         `json:"write_only,omitempty"`
	Deprecated         bool         `json:"deprecated,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
}

type nestedType struct {
	Attributes  map[string]attribute `json:"attributes,omitempty"`
	NestingMode string               `json:"nesting_mode"`
}

type identity struct {
	Version    int64                        `json:"version"`
	Attributes map[string]identityAttribute `json:"attributes,omitempty"`
}

type identityAttribute struct {
	Type              tftypes.Type `json:"type"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}

func newProviderSchema(s *tfprotov6.GetProviderSchemaResponse, ids *tfprotov6.GetResourceIdentitySchemasResponse) providerSchema {
	return providerSchema{
		Provider:      newSchema(s.Provider),
		Resources:     each(s.ResourceSchemas, newSchema),
		DataSources:   each(s.DataSourceSchemas, newSchema),
		ListResources: each(s.ListResourceSchemas, newSchema),
		Actions:       each(s.ActionSchemas, func(a *tfprotov6.ActionSchema) action { return action{newBlock(a.Schema.Block)} }),
		Identities:    each(ids.IdentitySchemas, newIdentity),
	}
}

func each[From, To any](from map[string]From, convert func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, v := range from {
		to[name] = convert(v)
	}
	return to
}

func newSchema(s *tfprotov6.Schema) schema {
	return schema{Version: s.Version, Block: newBlock(s.Block)}
}

func newBlock(b *tfprotov6.SchemaBlock) block {
	converted := block{
		Attributes:         newAttributes(b.Attributes),
		BlockTypes:         make(map[string]nestedBlock, len(b.BlockTypes)),
		Description:        b.Description,
		DescriptionKind:    kind(b.DescriptionKind),
		Deprecated:         b.Deprecated,
		DeprecationMessage: b.DeprecationMessage,
	}
	for _, n := range b.BlockTypes {
		converted.BlockTypes[n.TypeName] = nestedBlock{
			NestingMode: strings.ToLower(n.Nesting.String()),
			Block:       newBlock(n.Block),
			MinItems:    n.MinItems,
			MaxItems:    n.MaxItems,
		}
	}
	return converted
}

func newAttributes(list []*tfprotov6.SchemaAttribute) map[string]attribute {
	attributes := make(map[string]attribute, len(list))
	for _, a := range list {
		converted := attribute{
			Type:               a.Type,
			Description:        a.Description,
			DescriptionKind:    kind(a.DescriptionKind),
			Required:           a.Required,
			Optional:           a.Optional,
			Computed:           a.Computed,
			Sensitive:          a.Sensitive,
			WriteOnly:          a.WriteOnly,
			Deprecated:         a.Deprecated,
			DeprecationMessage: a.DeprecationMessage,
		}
		if a.NestedType != nil {
			converted.NestedType = &nestedType{
				Attributes:  newAttributes(a.NestedType.Attributes),
				NestingMode: strings.ToLower(a.NestedType.Nesting.String()),
			}
		}
		attributes[a.Name] = converted
	}
	return attributes
}

func newIdentity(s *tfprotov6.ResourceIdentitySchema) identity {
	converted := identity{Version: s.Version, Attributes: make(map[string]identityAttribute, len(s.IdentityAttributes))}
	for _, a := range s.IdentityAttributes {
		converted.Attributes[a.Name] = identityAttribute{
			Type:              a.Type,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return converted
}

func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
