package provider

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// counting stands in front of a server and counts requests.
func counting(n *atomic.Int64, server string) http.Handler {
	target, _ := url.Parse(server)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		proxy.ServeHTTP(w, r)
	})
}
