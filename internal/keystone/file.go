package keystone

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFile is how many bytes a file of certificates or of clouds may have. The
// authorities of a whole system take a fifth of it.
const maxFile = 1 << 20

// readFile reads a file that somebody else named. It reads neither a device, which
// may have no end, nor a pipe, which may never have a writer.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return text, nil
}

// withoutPath is the cause alone, for a message that has named the file.
func withoutPath(err error) error {
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		return named.Err
	}
	return err
}
