// Command sandbox runs a stand-in for SODA orchestration and everything behind
// it, in memory and on loopback, to try the provider against.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// run starts a sandbox, prints how to use it, and stops it when ctx ends.
func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	opts, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := sandbox.Start(opts.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	introduce(stdout, s, opts.Config)
	if opts.readyFile != "" {
		if err := writeReadyFile(opts.readyFile, s.URLs()); err != nil {
			return err
		}
	}
	<-ctx.Done()
	fmt.Fprintln(stdout, "\nStopped. Nothing remains.")
	return nil
}

type options struct {
	sandbox.Config
	readyFile string
}

const usage = `Runs SODA orchestration in memory: orchestrator, StackStorm, Keystone, hotpot and
gelato, on loopback, as recorded from the real service with all its faults.

  sandbox [flags]

Examples:

  sandbox                                   # prints a main.tf and what else to type
  sandbox --task-time 30s                   # slower workflows
  sandbox --auth keystone                   # with logins and tokens that are checked
  sandbox --attach-time 1m                  # slow storage: runs succeed before their volume is in use
  sandbox --pack ./mypack                   # also the workflows of mypack/actions/*.yaml
  sandbox --races --latency 5ms             # overlapping requests mix their answers
  sandbox --old                             # lists of the services' runs are cut short
  sandbox --ready-file urls.json --quiet    # for scripts: wait for the file

Flags:
`

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	var quiet bool
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	f.SetOutput(stdout)
	f.Usage = func() {
		fmt.Fprint(stdout, usage)
		f.PrintDefaults()
	}
	f.IntVar(&o.Port, "port", 0, "the orchestrator's `port`, with hotpot and gelato on the next two; 0 = any free ones")
	f.DurationVar(&o.TaskTime, "task-time", 2*time.Second, "how long each task of a workflow takes")
	f.StringVar(&o.Auth, "auth", "noauth", "how hotpot and gelato check tokens: noauth or keystone")
	f.Func("pack", "folder of a StackStorm pack to load besides the shipped one (repeatable)", func(dir string) error {
		o.Packs = append(o.Packs, dir)
		return nil
	})
	f.BoolVar(&o.Races, "races", false, "let overlapping requests take each other's values, as in reality")
	f.Int64Var(&o.Seed, "seed", 0, "for whatever is random; 0 = choose one and print it")
	f.BoolVar(&o.Bare, "bare", false, "do not register the two shipped services")
	f.BoolVar(&o.Old, "old", false, "put records that cannot be read in front of the services' own, as in an installation that has run for a while")
	f.StringVar(&o.StackStormVersion, "stackstorm-version", "3.2.0", "3.2.0, which runs Mistral workflows, or 3.8.1, which runs Orquesta ones")
	f.DurationVar(&o.Latency, "latency", 0, "of every call to StackStorm")
	f.DurationVar(&o.CreateTime, "create-time", 0, "how long the storage takes to make a volume")
	f.DurationVar(&o.AttachTime, "attach-time", 0, "how long the storage takes to attach one")
	f.BoolVar(&o.OldGelato, "old-gelato", false, "gelato v0.10, which the shipped data analysis needs")
	f.BoolVar(&quiet, "quiet", false, "do not print a line per request")
	f.StringVar(&o.readyFile, "ready-file", "", "write the URLs to this `file`, as JSON, once everything listens")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; all settings are flags, see --help", f.Arg(0))
	}
	if o.Seed == 0 {
		o.Seed = rand.Int64()
	}
	if !quiet {
		o.Log = stdout
	}
	return o, nil
}

// writeReadyFile makes the file appear with all of its content, because a script
// may read it at once.
func writeReadyFile(path string, urls sandbox.URLs) error {
	text, err := json.MarshalIndent(urls, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the ready file: %w", err)
	}
	return os.Rename(path+".part", path)
}
