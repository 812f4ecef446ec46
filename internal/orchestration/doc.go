// Package orchestration is a typed client of the SODA orchestrator's API:
// requests, wire types, errors, and the rules that make its answers
// trustworthy.
//
// The orchestrator keeps the answer under construction, the execution asked for
// and its parsed configuration in globals of its process, and serves requests in
// threads. Requests that overlap inside it take each other's values (see Races
// in the contract's README). So requests queue here, and some answers count only
// when they are repeated. Both work within one Client.
//
// "Quirk N" is a row of internal/sandbox/testdata/contract/README.md. "S N" is a
// fact in the README of its folder stackstorm.
//
// # Who repeats what
//
//	who                what                how often                     why
//	call.send          a GET or DELETE     MaxRetries times, 0.5 s to    the connection failed, or a proxy
//	                                       30 s apart                    does not reach the server
//	readUntilTrusted   a read of a run     until an answer counts, for   another client's requests mix
//	                                       5 minutes at most             with ours
//	listInstances      a list of runs      20 times; after the second    the same
//	                                       500 in all it gives up
//	CreateInstance     a start             8 times, after one recorded   the same; nothing was started
//	                                       answer only
//	ListUntilProven    a service's list    until the context ends        a list proves nothing while
//	                                                                     StackStorm fails (quirk 29)
//
// Waiting for the end of a run is the caller's: package wait repeats Poll.
package orchestration
