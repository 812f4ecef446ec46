// Package sandbox is a second, small implementation of the orchestrator and of
// everything around it: StackStorm, Keystone, hotpot and gelato. It runs in
// memory and listens on loopback only. Its servers answer as the real ones were
// recorded to, with their faults. It shares no code with the client.
//
// Each server is a package below this one. This package starts them, makes them
// fail on request, and serves the management port.
package sandbox
