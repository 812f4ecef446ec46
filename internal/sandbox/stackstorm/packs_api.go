package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// registerTypes are what a reload can register.
var registerTypes = []string{
	"all", "runner", "action", "actions", "trigger", "triggers", "sensor", "sensors", "rule", "rules", "rule_type", "rule_types",
	"alias", "aliases", "policy_type", "policy_types", "policy", "policies", "config", "configs",
}

// registerPacks is what st2ctl reload does (S50).
func (s *Server) registerPacks(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Types, Packs  []string
		FailOnFailure *bool `json:"fail_on_failure"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
		return
	}
	for _, t := range body.Types {
		if !slices.Contains(registerTypes, t) {
			writeFault(w, http.StatusBadRequest, pyQuote(t)+" is not one of ["+pyList(registerTypes)+"]")
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	actions := 0
	for _, name := range body.Packs {
		n, err := s.reload(name, body.FailOnFailure == nil || *body.FailOnFailure)
		if err != nil {
			writeFault(w, http.StatusBadRequest, err.Error())
			return
		}
		actions += n
	}
	counts := map[string]int{"runners": len(s.runners), "actions": actions}
	if len(body.Types) == 0 {
		for _, kind := range []string{"rule_types", "policy_types", "triggers", "sensors", "rules", "aliases", "policies", "configs"} {
			counts[kind] = 0
		}
		counts["rule_types"], counts["policy_types"] = 2, 3
	}
	writeJSON(w, http.StatusOK, counts)
}

// ReloadPack registers the metadata files of a pack.
func (s *Server) ReloadPack(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.reload(name, true)
	return err
}

// reload takes every YAML file directly in actions/ for the metadata of an
// action. What such a file says replaces what the API was told.
func (s *Server) reload(name string, strict bool) (registered int, err error) {
	p := s.packs[name]
	if p == nil {
		return 0, valueError(fmt.Sprintf(`Pack "%s" not found on disk: `, name))
	}
	for _, file := range sortedKeys(p.files) {
		below, ok := strings.CutPrefix(file, "actions/")
		if !ok || strings.Contains(below, "/") || !strings.HasSuffix(below, ".yaml") {
			continue
		}
		a, err := parseMetadata([]byte(p.files[file].content), name)
		switch {
		case err != nil && strict:
			return registered, valueError(fmt.Sprintf(`Failed to register action "%s%s/%s" from pack "%s": %s`, packsDir, name, file, name, err))
		case err != nil:
			continue
		}
		a.File = file
		s.insert(a)
		registered++
	}
	return registered, nil
}

// parseMetadata refuses in jsonschema's words what is no metadata.
func parseMetadata(text []byte, pack string) (*packAction, error) {
	var keys map[string]any
	if err := yaml.Unmarshal(text, &keys); err == nil {
		for _, key := range []string{"name", "runner_type"} {
			if keys[key] == nil {
				return nil, valueError(fmt.Sprintf("%s\n\nFailed validating 'required' in schema['properties'][%s]:\n    {'additionalItems': ...", requiredError(key), pyQuote(key)))
			}
		}
	}
	return parseAction(text, pack)
}
