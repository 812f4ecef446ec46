package gelato

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const notGelato = "the answer is not what gelato sends"

// decodeOne reads an answer that holds one thing; nil if that is hollow (G1).
func decodeOne[T row](raw []byte) (*T, error) {
	var v *T
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, unreadable(raw, err)
	}
	if v == nil || (*v).identity() == "" {
		return nil, nil
	}
	return v, nil
}

// decodeList reads one page of the list that stands under a key, which is left
// out when there are no rows (G4). Length counts the rows, those without an id
// included, which nobody can refer to and which are left out.
func decodeList[T row](raw []byte, key string) (rows []T, length int, err error) {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, 0, unreadable(raw, err)
	}
	list, ok := answer[key]
	if !ok {
		for other := range answer {
			if other != "next" {
				return nil, 0, fmt.Errorf("%s: it holds no %s", notGelato, key)
			}
		}
		return nil, 0, nil
	}
	var page []*T
	if err := json.Unmarshal(list, &page); err != nil {
		return nil, 0, unreadable(list, err)
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
		return fmt.Errorf("%s: %s holds an unexpected %s", notGelato, cmp.Or(wrong.Field, "it"), kind)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return errors.New(notGelato + ": it is empty")
	}
	return errors.New(notGelato + ": it is not JSON")
}

// Moment is a time in Unix seconds; one that is not set is the year 1, or left
// out.
type Moment struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (m *Moment) UnmarshalJSON(raw []byte) error {
	var seconds int64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return err
	}
	*m = Moment{}
	if seconds > 0 {
		m.Time = time.Unix(seconds, 0).UTC()
	}
	return nil
}
