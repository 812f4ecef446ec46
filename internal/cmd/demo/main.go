//go:build unix

// Command demo applies a configuration to a sandbox with a real CLI, looks at
// what that made, and cleans up. `make demo` builds what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// run carries out the demo. It leaves neither a process nor a file behind,
// however it ends.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	seen := &recording{Writer: out, begun: time.Now()}
	out = seen
	dir, err := os.MkdirTemp("", "soda-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	sb, err := startSandbox(ctx, o.sandbox, filepath.Join(o.config, "pack"), dir)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, sb.stop())
		if err == nil {
			fmt.Fprintln(out, "The sandbox has stopped. Nothing remains.")
			err = seen.save(o.svg)
		}
	}()
	fmt.Fprintf(out, "SODA orchestration in memory at %s\n", sb.urls.Orchestrator)

	tf, err := newCLI(o.tf, o.tfrc, o.config, filepath.Join(dir, "config"), sb.urls)
	if err != nil {
		return err
	}
	return steps{tf: tf, api: sb.urls, install: o.init}.run(ctx, out)
}

// run takes the steps in order, until one does not see what it should.
func (s steps) run(ctx context.Context, out io.Writer) error {
	type step struct {
		about string
		do    func(context.Context) (seen string, err error)
	}
	all := []step{
		{"apply", s.apply},
		{"what Terraform has looked up", s.lookedUp},
		{"plan again", s.planAgain},
		{"ask hotpot for the volume", s.volumeIsAttached},
		{"what its run published", s.published},
		{"ask gelato for the objects", s.objectsArrived},
		{"delete the migration's run outside of Terraform", s.forgetInstance},
		{"plan, which notices that", s.planFindsIt},
		{"destroy", s.destroy},
		{"ask the orchestrator and hotpot what is left", s.whatIsLeft},
	}
	if s.install {
		all = slices.Insert(all, 0, step{"init", s.init})
	}
	for _, step := range all {
		begun := time.Now()
		seen, err := step.do(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted at: %s", step.about)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.about, err)
		}
		fmt.Fprintf(out, "%5.1fs  %s: %s\n", time.Since(begun).Seconds(), step.about, seen)
	}
	return nil
}

// options are paths. They are made absolute, because the CLI runs in another
// folder.
type options struct {
	tf, tfrc, sandbox, config, svg string

	init bool
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.tf, "tf", "", "the CLI, terraform or tofu")
	f.StringVar(&o.tfrc, "tfrc", "", "the CLI configuration `file` that names the provider")
	f.StringVar(&o.sandbox, "sandbox", "", "the sandbox's binary")
	f.StringVar(&o.config, "config", "examples/demo", "the `folder` with the configuration to apply")
	f.BoolVar(&o.init, "init", false, "run init first, where the CLI configuration names a mirror")
	f.StringVar(&o.svg, "svg", "", "also write what is printed to this `file`, as a picture")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; all settings are flags, see --help", f.Arg(0))
	}
	for name, path := range map[string]*string{"tf": &o.tf, "tfrc": &o.tfrc, "sandbox": &o.sandbox, "config": &o.config} {
		if *path == "" {
			return o, fmt.Errorf("-%s is needed; `make demo` gives it", name)
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return o, err
		}
		if _, err := os.Stat(absolute); err != nil {
			return o, fmt.Errorf("-%s: %w", name, err)
		}
		*path = absolute
	}
	return o, nil
}
