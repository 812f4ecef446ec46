// Package keystone gets OpenStack Keystone tokens that live long enough, and
// sends them to one host with each request.
package keystone
