package provider

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// TestLoggedPathsHaveNoSecret: a server may choose an id, and an id stands in the
// path of the next request.
func TestLoggedPathsHaveNoSecret(t *testing.T) {
	const token = "a-token-of-thirty-two-characters"
	store := &secretStore{}
	store.add(token)
	path := "/instances/" + token + "\x1b[2J"
	var log bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	store.logRequest(ctx, orchestration.RequestLog{Method: "GET", Path: path})
	store.logStackStormRequest(ctx, stackstorm.RequestLog{Method: "GET", Path: path})
	store.logLookup(hotpotServer)(ctx, "GET", path, 200, 0)
	lines, err := tflogtest.MultilineJSONDecode(&log)
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	for _, line := range lines {
		if shown, _ := line["path"].(string); !strings.HasPrefix(shown, "/instances/") || strings.Contains(shown, token) || strings.Contains(shown, "\x1b") {
			t.Errorf("%s: %q", line["@message"], shown)
		}
	}
}
