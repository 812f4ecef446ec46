package hotpot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const notHotpot = "the answer is not what hotpot sends"

// decodeOne reads an answer that holds one thing. null and {} are none.
func decodeOne[T row](raw []byte) (*T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, unreadable(raw, err)
	}
	if v.identity() == "" {
		return nil, errors.New(notHotpot + ": it holds no id")
	}
	return &v, nil
}

// decodeList reads one page. Length counts its rows, those without an id
// included, which nobody can refer to and which are left out.
func decodeList[T row](raw []byte) (rows []T, length int, err error) {
	var page []*T
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, 0, unreadable(raw, err)
	}
	for _, r := range page {
		if r != nil && (*r).identity() != "" {
			rows = append(rows, *r)
		}
	}
	return rows, len(page), nil
}

// unreadable describes an answer without repeating it: it may hold secrets.
func unreadable(raw []byte, err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind, _, _ := strings.Cut(wrong.Value, " ") // what follows is the value itself
		return fmt.Errorf("%s: %s holds an unexpected %s", notHotpot, cmp.Or(wrong.Field, "it"), kind)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return errors.New(notHotpot + ": it is empty")
	}
	return errors.New(notHotpot + ": it is not JSON")
}
