// Package hotpot reads SODA's block storage API: profiles, hosts, volumes,
// their attachments and availability zones. It changes nothing there. The H
// numbers in its comments are those of the recordings' README
// (internal/sandbox/testdata/contract/hotpot).
package hotpot
