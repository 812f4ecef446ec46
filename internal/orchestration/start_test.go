package orchestration

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestCreateIsRepeatedAfterMixedConfiguration(t *testing.T) {
	const missing = `"required input action is missing"`
	complete := InstanceRequest{Action: "a"}
	for name, tc := range map[string]struct {
		request InstanceRequest
		answers []string
		fails   bool
	}{
		"others were about":           {complete, []string{missing, missing, `{"id": "x"}`}, false},
		"they always are":             {complete, slices.Repeat([]string{missing}, startTries), true},
		"another 400":                 {complete, []string{`"required input service 'name' is missing"`}, true},
		"the action is missing":       {InstanceRequest{}, []string{missing}, true},
		"parameters are no object":    {InstanceRequest{Action: "a", Parameters: []byte(`[]`)}, []string{missing}, true},
		"parameters are null":         {InstanceRequest{Action: "a", Parameters: []byte(`null`)}, []string{missing}, true},
		"the answer to one was a 500": {complete, []string{missing, "", `{"id": "x"}`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
					asked++
					switch body := tc.answers[asked-1]; {
					case body == "":
						return response(r, http.StatusInternalServerError, "[]"), nil
					case strings.HasPrefix(body, `"`):
						return response(r, http.StatusBadRequest, body), nil
					default:
						return response(r, http.StatusOK, body), nil
					}
				})
				_, err := c.CreateInstance(t.Context(), tc.request)
				want := len(tc.answers)
				if name == "the answer to one was a 500" {
					want = 2
				}
				if asked != want || (err != nil) != tc.fails {
					t.Errorf("asked %d times: %v", asked, err)
				}
				if sign := asked > 1; c.contended.Load() != sign {
					t.Errorf("contended: %v", c.contended.Load())
				}
			})
		})
	}
}

func TestCreateIsNotRepeatedForItsWordsAlone(t *testing.T) {
	asked := 0
	c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
		asked++
		return response(r, http.StatusInternalServerError, `"required input action is missing"`), nil
	})
	if _, err := c.CreateInstance(t.Context(), InstanceRequest{Action: "a"}); !Ambiguous(err) || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
