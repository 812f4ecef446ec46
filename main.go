// Command terraform-provider-soda is the Terraform provider for SODA
// Foundation orchestration.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/sodafoundation/terraform-provider-soda/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print the TF_REATTACH_PROVIDERS to export")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()

	if *showVersion {
		fmt.Println("terraform-provider-soda", version)
		return
	}

	// What is not logged through terraform-plugin-log is net/http's, which writes down
	// what a server sends and nobody has asked for. It may be a secret.
	log.SetOutput(io.Discard)

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/sodafoundation/soda", provider.NewServer(version), options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
