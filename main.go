// Command terraform-provider-soda is the Terraform provider for SODA
// Foundation orchestration.
package main

func main() {}
