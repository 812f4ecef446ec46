package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// logRequest logs one line for each request. Bodies, headers and queries are left
// out, since they may contain secrets. A path may have an id of a server's choice.
func (s *secretStore) logRequest(ctx context.Context, r orchestration.RequestLog) {
	tflog.Debug(ctx, "orchestrator request", map[string]any{
		"method":      r.Method,
		"path":        s.shown(r.Path),
		"status":      r.Status,
		"duration_ms": r.Duration.Milliseconds(),
		"attempt":     r.Attempt,
	})
}

// logStackStormRequest is logRequest for StackStorm.
func (s *secretStore) logStackStormRequest(ctx context.Context, r stackstorm.RequestLog) {
	tflog.Debug(ctx, "StackStorm request", map[string]any{
		"method":      r.Method,
		"path":        s.shown(r.Path),
		"status":      r.Status,
		"duration_ms": r.Duration.Milliseconds(),
	})
}

// logLookup is logRequest for a server of look-ups.
func (s *secretStore) logLookup(server lookupServer) func(ctx context.Context, method, path string, status int, took time.Duration) {
	return func(ctx context.Context, method, path string, status int, took time.Duration) {
		tflog.Debug(ctx, server.name+" request", map[string]any{"method": method, "path": s.shown(path), "status": status, "duration_ms": took.Milliseconds()})
	}
}
