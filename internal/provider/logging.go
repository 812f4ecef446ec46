package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// logRequest logs one line for each request. Bodies, headers and queries are left
// out, since they may contain secrets.
func logRequest(ctx context.Context, r orchestration.RequestLog) {
	tflog.Debug(ctx, "orchestrator request", map[string]any{
		"method":      r.Method,
		"path":        r.Path,
		"status":      r.Status,
		"duration_ms": r.Duration.Milliseconds(),
		"attempt":     r.Attempt,
	})
}

// logStackStormRequest is logRequest for StackStorm.
func logStackStormRequest(ctx context.Context, r stackstorm.RequestLog) {
	tflog.Debug(ctx, "StackStorm request", map[string]any{
		"method":      r.Method,
		"path":        r.Path,
		"status":      r.Status,
		"duration_ms": r.Duration.Milliseconds(),
	})
}
