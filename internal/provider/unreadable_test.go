package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestManyUnreadableRunsAreSaidOnce: a plan over runs that the orchestrator cannot
// read says so once, in three lines.
func TestManyUnreadableRunsAreSaidOnce(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	saved := make([]savedResource, 3)
	for i, name := range []string{"a", "b", "c"} {
		saved[i] = newCommand(t, sb).run(savedResource{}, upkeepArguments(map[string]any{"name": name}))
		if err := sb.Purge(executionOf(t, sb, sb.Instances()[i].ID)); err != nil {
			t.Fatal(err)
		}
	}
	plans := dial(t, sb)
	var told []*tfprotov6.Diagnostic
	for _, before := range saved {
		c := plans.sharing(t.Context())
		if after := c.refresh(before); c.status(after) != "Success" {
			t.Errorf("the status is %q", c.status(after))
		}
		told = append(told, c.told...)
	}
	if len(told) != 1 || len(strings.Split(told[0].Detail, "\n")) != 3 {
		t.Errorf("want one warning of three lines:\n%s", diagnosticsText(told))
	}
}

// TestUnreadableAmongOthers: if other runs can be read, an interrupted wait says
// that only this one cannot.
func TestUnreadableAmongOthers(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	sb.Hold()
	w := dial(t, sb)
	others, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c := w.sharing(others)
		c.run(savedResource{}, upkeepArguments(map[string]any{"name": "other"}))
	}()
	defer func() { stop(); <-ended }()
	doWhen(t.Context(), runWasRead(sb), func() {})
	other := sb.Instances()[0].ID
	sb.Fault(sandbox.Fault{Method: "GET", Path: readRunPath + "[^" + other[:1] + "]", Status: 500})

	ctx, interrupt := context.WithCancel(t.Context())
	c := w.sharing(ctx)
	go doWhen(t.Context(), func() bool {
		reads := 0
		for _, r := range sb.Requests() {
			if strings.Contains(r, readRunPath) && !strings.Contains(r, other) {
				reads++
			}
		}
		return reads > 20
	}, interrupt)
	c.run(savedResource{}, upkeepArguments(nil))
	mustContain(t, c.said(), "Stopped waiting", "Other runs could be read meanwhile, so it is this run alone")
}
