package provider

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		pass := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}

		reportProgress("Run r", time.Now(), func(text string) { told = append(told, text) }, func(look func(*run.Run, error)) {
			see := func(s orchestration.Status) { look(&run.Run{Instance: orchestration.Instance{Status: s}}, nil) }
			see("Running")
			pass(30 * time.Second)
			see("Running")
			pass(40 * time.Second)
			look(nil, errors.New("no answer"))
			pass(time.Minute)
			see("Running")
			pass(time.Minute)
			see("Success")
		})
		pass(time.Hour)

		want := []string{
			"Run r: Running after 0s",
			"Run r: Running after 1m0s",
			"Run r: Running after 2m0s when last read. The latest read failed: no answer",
			"Run r: Running after 3m0s",
			"Run r: Success after 3m10s",
		}
		if !slices.Equal(told, want) {
			t.Errorf("told:\n%q\nwant:\n%q", told, want)
		}
	})
}
