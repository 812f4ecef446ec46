// Package stackstorm is a client of StackStorm's own API, behind the
// orchestrator. It finds, reads and cancels executions, and uploads actions with
// their files. It never asks for the parameters of an execution or for a whole
// one, because both hold the token of the run in clear (S34). "S" and a number
// mean a line of the README in internal/sandbox/testdata/contract/stackstorm.
package stackstorm
