// Package gelato reads SODA's multi-cloud API: storage backends, and the plans
// and jobs of migrations. It changes nothing there. The G numbers in its
// comments are those of the recordings' README
// (internal/sandbox/testdata/contract/gelato).
package gelato
