package stackstorm

import (
	_ "embed"
	"encoding/json"
	"maps"
)

// runnersText holds the runners as 3.2.0 describes them in every execution, and
// those that 3.8.1 describes in another way.
//
//go:embed runners.json
var runnersText []byte

// loadRunners describes the runners of one version. Each gets an id.
func (s *Server) loadRunners() error {
	var byVersion map[string]map[string]map[string]any
	if err := json.Unmarshal(runnersText, &byVersion); err != nil {
		return err
	}
	s.runners = byVersion[Version320]
	if s.newer {
		maps.Copy(s.runners, byVersion[Version381])
	}
	for _, name := range sortedKeys(s.runners) {
		s.runners[name]["id"] = s.newID()
	}
	return nil
}

// runnerView is what is known of a runner.
func (s *Server) runnerView(name string) map[string]any {
	if r, ok := s.runners[name]; ok {
		return r
	}
	return map[string]any{"name": name, "runner_parameters": runnerParameters(name).asJSON()}
}

// runnerParameters are those every action of a runner takes besides its own, in
// the order in which StackStorm checks them.
func runnerParameters(runner string) packParameters {
	of := func(kind string, def any) map[string]any {
		s := map[string]any{"type": kind}
		if def != nil {
			s["default"] = def
		}
		return s
	}
	switch runner {
	case runnerMistral:
		return packParameters{
			{"context", of("object", map[string]any{})},
			{"skip_notify", of("array", []any{})},
			{"task_name", of("string", nil)},
			{"workflow", of("string", nil)},
		}
	case runnerPython:
		return packParameters{
			{"debug", of("boolean", false)},
			{"content_version", of("string", nil)},
			{"env", of("object", nil)},
			{"timeout", of("integer", json.Number("600"))},
			{"log_level", map[string]any{
				"type": "string", "default": "DEBUG",
				"enum": []any{"AUDIT", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"},
			}},
		}
	}
	return nil
}
