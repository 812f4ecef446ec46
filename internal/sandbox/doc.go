// Package sandbox is a second, small implementation of everything around an
// orchestrator: the orchestrator itself, StackStorm, Keystone, hotpot and
// gelato, in memory and on loopback. It answers as the real servers were
// recorded to, faults included, and shares no code with the client.
package sandbox
