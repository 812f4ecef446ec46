package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// hotpotBase is what every record begins with. The first three are never left
// out of an answer.
type hotpotBase struct {
	ID        string `json:"id"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	TenantID  string `json:"tenantId,omitempty"`
	UserID    string `json:"userId,omitempty"`
}

func (b *hotpotBase) base() *hotpotBase { return b }

// hotpotTable holds the records of one kind.
type hotpotTable[T interface{ base() *hotpotBase }] struct {
	kind string // as it is called in messages
	rows map[string]T
}

func newHotpotTable[T interface{ base() *hotpotBase }](kind string) hotpotTable[T] {
	return hotpotTable[T]{kind: kind, rows: map[string]T{}}
}

func (t *hotpotTable[T]) put(row T) { t.rows[row.base().ID] = row }

func (t *hotpotTable[T]) remove(id string) { delete(t.rows, id) }

// find sees the cloudCaller's tenant only, or all for an administrator. The real
// server looks twice for an administrator, so that the two hear different
// words about the same absence.
func (t *hotpotTable[T]) find(who cloudCaller, id string) (T, error) {
	row, ok := t.rows[id]
	if ok && (who.admin || row.base().TenantID == who.tenant) {
		return row, nil
	}
	var none T
	if who.admin {
		return none, fmt.Errorf("specified %s(%s) can't find", t.kind, id)
	}
	return none, errHotpotKey
}

// shared finds a record that belongs to no tenant.
func (t *hotpotTable[T]) shared(id string) (T, error) {
	row, ok := t.rows[id]
	if !ok {
		return row, errHotpotKey
	}
	return row, nil
}

// hotpotNoKey is what the store itself says of an id that it does not hold.
const hotpotNoKey = "Wrong resource uuid provided!"

var errHotpotKey = errors.New(hotpotNoKey) //nolint:staticcheck // the store's own words

// visible lists in the order of the store's keys: by tenant, then id.
func (t *hotpotTable[T]) visible(who cloudCaller) []T {
	rows := []T{}
	for _, row := range t.rows {
		if owner := row.base().TenantID; who.admin || owner == who.tenant || owner == "" {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b T) int {
		return cmp.Or(cmp.Compare(a.base().TenantID, b.base().TenantID), cmp.Compare(a.base().ID, b.base().ID))
	})
	return rows
}

// where lists, in no order, all tenants' records that keep says yes to.
func (t *hotpotTable[T]) where(keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Collect(maps.Values(t.rows)), func(row T) bool { return !keep(row) })
}

// page answers a list request: any field's name filters by its value, names
// that are no field are ignored, and 50 is all there is unless limit says more.
func (t *hotpotTable[T]) page(who cloudCaller, query url.Values, sortable ...string) []T {
	rows := slices.DeleteFunc(t.visible(who), func(row T) bool {
		for name, values := range query {
			if field, ok := hotpotField(row, name); ok && !slices.Contains(values, fmt.Sprint(field)) {
				return true
			}
		}
		return false
	})
	if key := query.Get("sortKey"); slices.ContainsFunc(sortable, func(s string) bool { return strings.EqualFold(s, key) }) {
		hotpotSort(rows, key, query.Get("sortDir"))
	}
	offset := hotpotNumber(query.Get("offset"), 0)
	limit := hotpotNumber(query.Get("limit"), 50)
	rows = rows[min(offset, len(rows)):]
	return rows[:min(limit, len(rows))]
}

// hotpotSort sorts downwards unless told "asc".
func hotpotSort[T any](rows []T, key, direction string) {
	slices.SortStableFunc(rows, func(a, b T) int {
		if !strings.EqualFold(direction, "asc") {
			a, b = b, a
		}
		x, _ := hotpotField(a, key)
		y, _ := hotpotField(b, key)
		if m, ok := x.(int64); ok {
			return cmp.Compare(m, y.(int64))
		}
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}

// hotpotField finds the value of the field that an answer calls name.
func hotpotField(row any, name string) (any, bool) {
	v := reflect.Indirect(reflect.ValueOf(row))
	for _, f := range reflect.VisibleFields(v.Type()) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag != "" && strings.EqualFold(tag, name) {
			return v.FieldByIndex(f.Index).Interface(), true
		}
	}
	return nil, false
}

func hotpotNumber(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}
