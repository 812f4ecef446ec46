package sandbox

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"slices"
)

// mostManaged is how many bytes a request to the management port may have. A
// workflow's result and an action's metadata fit in.
const mostManaged = 1 << 20

// guardManage lets programs of this machine pass, and no page in its browser. A
// page's requests name their origin. One that has another host resolved to loopback
// names that host. Bodies need a type that a page may not send without asking first.
func guardManage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isLoopback(r.Host):
			manageError(w, http.StatusForbidden, fmt.Errorf("the host %q is not this machine's loopback address", r.Host))
		case len(r.Header["Origin"]) > 0:
			manageError(w, http.StatusForbidden, errors.New("web pages cannot manage the sandbox: leave the header Origin out"))
		case r.ContentLength != 0 && !isManageType(r.Header.Get("Content-Type")):
			manageError(w, http.StatusUnsupportedMediaType, errors.New("a body needs Content-Type: application/json; application/yaml for an action's metadata"))
		default:
			r.Body = http.MaxBytesReader(w, r.Body, mostManaged)
			next.ServeHTTP(w, r)
		}
	})
}

// isLoopback reports whether a Host header names loopback, with or without a port.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isManageType(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.Contains([]string{"application/json", "application/yaml"}, mediaType)
}

// checkFaultStatus refuses statuses that net/http cannot send as an answer. 0 is
// none.
func checkFaultStatus(status int) error {
	if status != 0 && (status < 200 || status > 999) {
		return fmt.Errorf("%d is not the status of an answer: 200 to 999", status)
	}
	return nil
}
