package stackstorm

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// taskOutcome is how an attempt at a task ended.
type taskOutcome struct {
	status string // of the task's execution; "" = it has not ended
	value  any    // what the action returned
	stdout string
	result any // what StackStorm keeps
}

func (o taskOutcome) failed() bool { return o.status != "succeeded" }

// raised is an exception with the lines of its traceback, the outermost first.
type raised struct {
	taskError
	frames []string
}

// pythonOutcome is what a Python action's end is to StackStorm.
func (s *Server) pythonOutcome(a *packAction, value any, stdout string, err error) taskOutcome {
	switch {
	case errors.Is(err, errNotYet):
		return taskOutcome{stdout: stdout}
	case err != nil:
		return taskOutcome{status: "failed", stdout: stdout, result: pythonResult(stdout, s.traceback(a, err), 1, "None")}
	}
	return taskOutcome{status: "succeeded", value: value, stdout: stdout, result: pythonResult(stdout, "", 0, value)}
}

func pythonResult(stdout, stderr string, exitCode int, value any) object {
	return object{{"stdout", stdout}, {"stderr", stderr}, {"exit_code", exitCode}, {"result", value}}
}

// shellResult is that of a shell command.
func shellResult(returnCode int, stdout, stderr string) object {
	return object{
		{"failed", returnCode != 0}, {"succeeded", returnCode == 0}, {"return_code", returnCode},
		{"stdout", stdout}, {"stderr", stderr},
	}
}

// timedOut is the end of an action that was killed. Its status is not "failed" (S19).
func timedOut(stdout string, limit time.Duration) taskOutcome {
	words := fmt.Sprintf("Action failed to complete in %d seconds", int(limit.Seconds()))
	return taskOutcome{
		status: "timeout", stdout: stdout,
		result: append(pythonResult(stdout, "", -9, "None"), field{"error", words}),
	}
}

// traceback is what Python prints. The exception is its last line, after lines
// of the runner, which differ from one StackStorm to the next.
func (s *Server) traceback(a *packAction, err error) string {
	wrapper, inner := 333, 192
	if s.newer {
		wrapper, inner = 395, 214
	}
	const script = "/opt/stackstorm/runners/python_runner/python_runner/python_action_wrapper.py"
	lines := []string{
		"Traceback (most recent call last):",
		fmt.Sprintf("  File %q, line %d, in <module>", script, wrapper),
		"    obj.run()",
		fmt.Sprintf("  File %q, line %d, in run", script, inner),
		"    output = action.run(**self._parameters)",
		"             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
	}
	lines = append(lines, ownFrame(a, err)...)
	if r, ok := errors.AsType[raised](err); ok {
		lines = append(lines, r.frames...)
	}
	return strings.Join(append(lines, err.Error()), "\n") + "\n"
}

// statusChecks are the lines in which the shipped actions check for an error
// status, as far as they were recorded.
var statusChecks = map[string]int{"opensds.create-volume": 56, "opensds.attach-volume": 45}

// ownFrame is the line of the action itself that raised, where it is known.
func ownFrame(a *packAction, err error) []string {
	file := "/opt/stackstorm/packs/" + a.Pack + "/actions/" + a.EntryPoint
	_, isStatus := errors.AsType[raised](err)
	switch {
	case isStatus && statusChecks[a.ref()] > 0:
		return []string{fmt.Sprintf("  File %q, line %d, in run", file, statusChecks[a.ref()]), "    r.raise_for_status()"}
	case a.ref() == "opensds.get-bucket-migration" && err.Error() == "KeyError: 'job'":
		return []string{
			fmt.Sprintf("  File %q, line 30, in run", file),
			`    status = resp["job"]["status"]`,
			"             ~~~~^^^^^^^",
		}
	}
	return nil
}
