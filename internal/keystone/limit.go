package keystone

import (
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is how many bytes an answer of Keystone may have. A token with a large
// catalogue takes some hundred kilobytes.
const maxAnswer = 4 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

// limited ends an answer with an error where it is too large. Gophercloud reads
// whatever comes.
type limited struct{ next http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(req)
	if err == nil {
		resp.Body = &limitedBody{ReadCloser: resp.Body, left: maxAnswer}
	}
	return resp, err
}

type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		// Only an answer that ends here has the right length.
		n, err := b.ReadCloser.Read(make([]byte, 1))
		if n > 0 {
			err = errTooLarge
		}
		return 0, err
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
