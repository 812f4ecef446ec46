package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// Adopt says what Start does with a run that a new one would duplicate.
type Adopt int

const (
	// AdoptUnfinished goes on with a run that has not ended. One that has
	// succeeded is an *AlreadyDone error.
	AdoptUnfinished Adopt = iota
	// AdoptAny goes on with a run that has not ended or has succeeded.
	AdoptAny
	// AdoptNone starts a new run in any case, and lists nothing before.
	AdoptNone
	// AdoptRunning goes on with a run that has not ended now. One that has
	// succeeded does not count.
	AdoptRunning
)

// Request asks for one run.
type Request struct {
	orchestration.InstanceRequest
	TenantID    string
	Declaration workflow.Declaration // empty if it is not known
	Inputs      map[string]any       // all of them, the write-only ones included
	Secret      map[string]any       // the write-only ones
	Timeout     time.Duration        // how long the run may take; its token should live as long
	Adopt       Adopt
	Replaces    []string // runs, by id or execution, that are never taken over: the one being replaced, and those of siblings
	// CleansUp is the id of the run that an on_destroy cleans up. Its description
	// names that run too. Clean-ups of different runs are never the same.
	CleansUp string
}

// matches reports whether in is the run that r asks for: the same service,
// tenant, name, user and inputs. The rule is the same for a resource, an action and
// on_destroy.
//
// The action cannot be compared, since no answer names it (quirk 21). The
// description may be corrected, so it is not compared. Inputs are
// compared with StackStorm's echo, which is cast and masked (quirk 20).
//
// An on_destroy run is the same only if it cleans up the same run, which its
// description says.
func (r *Request) matches(in *orchestration.Instance) bool {
	return in.ServiceID == r.ServiceID && in.TenantID == r.TenantID && in.Name == r.Name && in.UserID == r.UserID &&
		(r.CleansUp == "" || in.Description == r.Description) && r.Declaration.Echoes(r.Inputs, DecodeObject(in.Input))
}

// replaces reports whether r must not take the run over.
func (r *Request) replaces(id string) bool { return slices.Contains(r.Replaces, id) }

// Hash is the same for two requests that ask for the same run. StackStorm keeps it
// as a mark. It leaves out write-only inputs, since a short secret could be guessed
// from its hash.
func (r *Request) Hash() string {
	what := []any{r.TenantID, r.ServiceID, r.Action, r.Name, r.UserID, Without(r.Inputs, r.Secret)}
	if r.CleansUp != "" {
		what = append(what, r.CleansUp)
	}
	raw, err := json.Marshal(what)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// DecodeObject reads a JSON object and keeps its numbers as written. It returns an
// empty object for anything else.
func DecodeObject(raw json.RawMessage) map[string]any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	members := map[string]any{}
	if d.Decode(&members) != nil || members == nil {
		return map[string]any{}
	}
	return members
}

// Without returns base without the members in names. Objects inside are treated
// alike.
func Without(base, names map[string]any) map[string]any {
	rest := make(map[string]any, len(base))
	for name, v := range base {
		named, ok := names[name]
		if !ok {
			rest[name] = v
			continue
		}
		inner, isObject := v.(map[string]any)
		deeper, goesOn := named.(map[string]any)
		if isObject && goesOn && len(deeper) > 0 {
			rest[name] = Without(inner, deeper)
		}
	}
	return rest
}
