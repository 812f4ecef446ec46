package docs_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestAccSandboxTellsWhatToType does what the sandbox prints, in order, as
// somebody does who pastes it.
func TestAccSandboxTellsWhatToType(t *testing.T) {
	for _, auth := range []string{"noauth", "keystone"} {
		t.Run(auth, func(t *testing.T) {
			s := newShell(t, root)
			introduction := s.served("go run ./internal/cmd/sandbox --task-time 10ms --auth " + auth)
			steps := regexp.MustCompile(`(?m)^\d\. .+:\n\n`).Split(introduction, -1)
			if len(steps) != 5 {
				t.Fatalf("%d steps, want 4:\n%s", len(steps)-1, introduction)
			}
			s.run(steps[1])
			s.run(steps[2])
			s.run("mkdir $HOME/first; cd $HOME/first")
			s.file("main.tf", strings.TrimSpace(steps[3])+"\n", false)
			s.run("terraform fmt -check")
			out := s.run(strings.Replace(steps[4], "terraform apply", "terraform apply -auto-approve", 1))
			if !strings.Contains(out, "Apply complete! Resources: 1 added") {
				t.Errorf("applying says\n%s", out)
			}
		})
	}
}
