package orchestration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	retryWaitMin = 500 * time.Millisecond
	retryWaitMax = 30 * time.Second
)

// retryable is the whole policy: whether a call that ended with this status, or
// with err and no answer, may be made again, and why.
//
// A plain 500 is not a reason. The server answers it for a status that it cannot
// map (quirk 26), for a broken StackStorm (quirk 30) and after a race. Only the
// race is worth another try, and readEvidence sees to that.
func retryable(method string, status int, err error) (bool, string) {
	switch {
	case method == http.MethodPost:
		return false, "a POST may have been carried out (quirks 16, 17 and 24)"
	case method != http.MethodGet && method != http.MethodDelete:
		return false, "only reads and deletions are known to be repeatable"
	case err != nil:
		return retryableError(err)
	case method == http.MethodDelete:
		return false, "the deletion was answered"
	case status == http.StatusTooManyRequests:
		return true, "the server asks for patience"
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return true, "a proxy does not reach the server, or the server is starting"
	}
	return false, "the answer would be the same"
}

func retryableError(err error) (bool, string) {
	if _, ok := errors.AsType[*timeoutError](err); ok {
		return false, "the server is still busy with it, and would mix the two"
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false, "the caller does not wait any longer"
	case errors.Is(err, errTooLarge), isTooLarge(err):
		return false, "the answer would be as large again"
	case untrusted(err):
		return false, "the server's certificate will not get better"
	case unresolvable(err):
		return false, "there is no such host"
	}
	return true, "the connection failed"
}

// isTooLarge reports whether the transport refuses an answer for its size.
func isTooLarge(err error) bool {
	_, ok := errors.AsType[interface {
		error
		TooLarge()
	}](err)
	return ok
}

func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, hostname := errors.AsType[x509.HostnameError](err)
	_, plaintext := errors.AsType[tls.RecordHeaderError](err)
	return verification || authority || hostname || plaintext
}

func unresolvable(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// backoff doubles from half a second, or waits as long as Retry-After says, but
// at most half a minute. It adds up to a quarter at random, so that clients that
// failed together do not return together.
func (c *Client) backoff(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	d := min(retryablehttp.DefaultBackoff(least, most, attempt, resp), most)
	return d + time.Duration(c.random()*float64(d)/4)
}
