//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// grace is how long a process may take to end when asked to.
const grace = 10 * time.Second

// command prepares a process that ctx interrupts. The process gets a group of
// its own, so a Ctrl-C at the terminal reaches only the demo. Terraform must not
// be interrupted twice: it would exit at once and lose its state.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	return cmd
}

// sweep ends what is left of a process's group, such as the provider of a CLI that
// was killed or has crashed. It would go on to write into a folder that is removed.
func sweep(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // there may be nothing left
	}
}

// sandboxProcess is the sandbox's binary, running.
type sandboxProcess struct {
	urls  sandbox.URLs
	cmd   *exec.Cmd
	ended chan error
}

// startSandbox returns once everything listens.
func startSandbox(ctx context.Context, binary, pack, dir string) (*sandboxProcess, error) {
	ready := filepath.Join(dir, "urls.json")
	// The sandbox is stopped last, however the demo ends. So ctx must not end it.
	cmd := command(context.WithoutCancel(ctx), binary, "--quiet", "--task-time", "300ms", "--pack", pack, "--ready-file", ready)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	s := &sandboxProcess{cmd: cmd, ended: make(chan error, 1)}
	go func() { s.ended <- cmd.Wait() }()
	if err := s.await(ctx, ready); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *sandboxProcess) await(ctx context.Context, ready string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, grace, fmt.Errorf("the sandbox was not ready within %s", grace))
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		text, err := os.ReadFile(ready)
		if err == nil {
			return json.Unmarshal(text, &s.urls)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select {
		case <-look.C:
		case err := <-s.ended:
			s.ended <- nil
			return fmt.Errorf("the sandbox ended at once: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *sandboxProcess) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the sandbox: %w", err)
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(grace):
		return errors.Join(fmt.Errorf("the sandbox did not stop within %s and was killed", grace), s.cmd.Process.Kill(), <-s.ended)
	}
}
