// Package keystone keeps an OpenStack Keystone token with enough life left,
// and is the http.RoundTripper that carries it to one host.
package keystone
