package orchestration

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesAreRandomByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := &url.URL{Scheme: "http", Host: "orchestrator", Path: "/v1beta"}
		start := time.Now()
		c := New(Config{BaseURL: root, TenantID: "t", HTTP: &http.Client{Transport: inMemory(func(r *http.Request) (*http.Response, error) {
			return response(r, http.StatusNotFound, "{}"), nil
		})}})
		_, err := c.Instance(t.Context(), "x", "")
		if took := time.Since(start); !IsNotFound(err) || took < firstPause/2 || took > firstPause {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestPausesGrow(t *testing.T) {
	for random, want := range map[float64]string{
		0:   "[0s 25ms 62.5ms 118.75ms 203.125ms 329.6875ms]",
		0.5: "[0s 37.5ms 93.75ms 178.125ms 304.6875ms 494.53125ms]",
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var came []time.Duration
			c := bubbleClient(t, Config{Random: func() float64 { return random }}, func(r *http.Request) (*http.Response, error) {
				came = append(came, time.Since(start))
				return response(r, http.StatusOK, `{"id": "stranger"}`), nil
			})
			if _, err := c.Instance(t.Context(), "x", ""); !errors.Is(err, errPatience) {
				t.Error(err)
			}
			if got := fmt.Sprint(came[:6]); got != want {
				t.Errorf("random %v: asked at %s, want %s", random, got, want)
			}
			last := came[len(came)-1]
			if longest := last - came[len(came)-2]; longest != time.Duration(float64(longestPause)*(1+random)/2) {
				t.Errorf("the longest pause is %s", longest)
			}
			if last < readPatience || last > readPatience+longestPause {
				t.Errorf("gave up after %s", last)
			}
		})
	}
}
