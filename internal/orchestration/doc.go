// Package orchestration is a typed client of the SODA orchestrator's API:
// requests, wire types, errors, the retry policy and the request gate that
// keeps the server's races away from callers.
package orchestration
