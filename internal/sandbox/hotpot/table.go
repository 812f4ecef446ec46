package hotpot

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

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

// rowBase is the beginning of every row. Its first three fields are in every
// answer.
type rowBase struct {
	ID        string `json:"id"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	TenantID  string `json:"tenantId,omitempty"`
	UserID    string `json:"userId,omitempty"`
}

func (b *rowBase) base() *rowBase { return b }

// table holds the rows of one kind.
type table[T interface{ base() *rowBase }] struct {
	kind string // its name in messages
	rows map[string]T
}

func newTable[T interface{ base() *rowBase }](kind string) table[T] {
	return table[T]{kind: kind, rows: map[string]T{}}
}

func (t *table[T]) put(row T) { t.rows[row.base().ID] = row }

func (t *table[T]) remove(id string) { delete(t.rows, id) }

// find looks in the caller's tenant, or in all tenants for an administrator. An
// administrator gets another message if there is none, because the real server
// looks twice.
func (t *table[T]) find(who access.Caller, id string) (T, error) {
	row, ok := t.rows[id]
	if ok && (who.Admin || row.base().TenantID == who.Tenant) {
		return row, nil
	}
	var none T
	if who.Admin {
		return none, fmt.Errorf("specified %s(%s) can't find", t.kind, id)
	}
	return none, errNoKey
}

// shared finds a row that belongs to no tenant.
func (t *table[T]) shared(id string) (T, error) {
	row, ok := t.rows[id]
	if !ok {
		return row, errNoKey
	}
	return row, nil
}

// noKey is the store's message for an unknown id.
const noKey = "Wrong resource uuid provided!"

var errNoKey = errors.New(noKey) //nolint:staticcheck // the real store's words

// visible lists what the caller may see in the order of the store's keys: by
// tenant, then by id.
func (t *table[T]) visible(who access.Caller) []T {
	rows := []T{}
	for _, row := range t.rows {
		if owner := row.base().TenantID; who.Admin || owner == who.Tenant || owner == "" {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b T) int {
		return cmp.Or(cmp.Compare(a.base().TenantID, b.base().TenantID), cmp.Compare(a.base().ID, b.base().ID))
	})
	return rows
}

// where lists the rows of all tenants that keep accepts, in no order.
func (t *table[T]) where(keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Collect(maps.Values(t.rows)), func(row T) bool { return !keep(row) })
}

// page answers a list request: a field's name filters by its value, names that
// are no field are ignored, and 50 is all there is unless limit says more (H2, H3).
func (t *table[T]) page(who access.Caller, query url.Values, sortable ...string) ([]T, error) {
	if query.Has("DurableName") && t.kind == "volume" && len(t.rows) > 0 {
		return nil, errPanic
	}
	rows := slices.DeleteFunc(t.visible(who), func(row T) bool {
		for name, values := range query {
			if field, ok := fieldOf(row, name); ok && !slices.Contains(values, fmt.Sprint(field)) {
				return true
			}
		}
		return false
	})
	if key := query.Get("sortKey"); slices.Contains(sortable, key) {
		sortRows(rows, key, query.Get("sortDir"))
	}
	// Only without the OpenAPI document do such numbers get here (H4).
	offset := min(numberOr(query.Get("offset"), 0, len(rows)), len(rows))
	limit := numberOr(query.Get("limit"), 50, 50)
	rows = rows[offset:]
	return rows[:min(limit, len(rows))], nil
}

// sortRows sorts in descending order unless direction is "asc".
func sortRows[T any](rows []T, key, direction string) {
	slices.SortStableFunc(rows, func(a, b T) int {
		if !strings.EqualFold(direction, "asc") {
			a, b = b, a
		}
		x, _ := fieldOf(a, key)
		y, _ := fieldOf(b, key)
		if m, ok := x.(int64); ok {
			return cmp.Compare(m, y.(int64))
		}
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}

// fieldOf finds the value of a field by its name in an answer. The server makes
// the first letter upper case and then compares with its own names, so that
// "NAME" and "ip" are none.
func fieldOf(row any, name string) (any, bool) {
	if name == "" {
		return nil, false
	}
	wanted := strings.ToUpper(name[:1]) + name[1:]
	v := reflect.Indirect(reflect.ValueOf(row))
	for _, f := range reflect.VisibleFields(v.Type()) {
		if !f.Anonymous && f.IsExported() && ownName(f) == wanted {
			field := v.FieldByIndex(f.Index)
			if field.Kind() == reflect.Pointer && field.IsNil() {
				return "<nil>", true
			}
			return field.Interface(), hasField(row, wanted)
		}
	}
	return nil, false
}

// ownName is what the real server calls a field.
func ownName(f reflect.StructField) string {
	tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch tag {
	case "":
		return f.Name
	case "ip":
		return "IP"
	}
	return strings.ToUpper(tag[:1]) + tag[1:]
}

// hasField: what belongs to no tenant has no field for one.
func hasField(row any, name string) bool {
	switch row.(type) {
	case *profileRow, *poolRow, *dockRow:
		return name != "TenantId" && name != "UserId"
	}
	return true
}

// numberOr is for what is no number, or a negative one.
func numberOr(text string, absent, wrong int) int {
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
		return absent
	case err != nil:
		return wrong
	case n < 0:
		return absent
	}
	return n
}
