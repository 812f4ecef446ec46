package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// planNotes carries what a plan knows about the runs of a state to the apply.
//
// A new run is not started if there is one with the same inputs that no resource
// holds. At apply, Terraform tells the provider only about the resources that
// change. The others, and with create_before_destroy also the run that is being
// replaced, would look as if nobody held them. The plan knows them all, but
// Terraform hands nothing from a planned creation to its apply: it plans again,
// in another process, from nothing. So the plan leaves a small file in the user's
// cache folder, under a name made from what is planned. It holds ids only.
//
// Without that file (a plan applied on another machine) such a run counts as
// nobody's.
type planNotes struct {
	server string // what tells the runs of two orchestrators apart

	mu      sync.Mutex
	held    map[string][]string // by request: the runs in the state
	planned map[string][]string // by request: the fingerprints of planned runs
	told    map[string][]string // by fingerprint: what the note of another process said
}

// noteKept is how long a note of a plan that was never applied is kept.
const noteKept = 30 * 24 * time.Hour

func newPlanNotes(server string) *planNotes {
	return &planNotes{server: server, held: map[string][]string{}, planned: map[string][]string{}, told: map[string][]string{}}
}

// holds notes that the state holds a run of the request. A nil planNotes is for
// a provider that is not configured yet.
func (n *planNotes) holds(request string, ids ...string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held[request] = append(n.held[request], slices.DeleteFunc(ids, func(id string) bool { return id == "" })...)
	for _, fingerprint := range n.planned[request] { // Terraform may ask about the new resource first
		n.write(fingerprint, n.held[request])
	}
}

// plans notes that a new run of the request is planned. replaced is the run that
// it replaces, if the plan knows it. Terraform plans before it applies as well, so
// this is also where the applying process takes the note up.
func (n *planNotes) plans(request, fingerprint, replaced string) {
	if fingerprint == "" {
		return // not all of it is known yet
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.told[fingerprint]; !ok {
		n.told[fingerprint] = n.read(fingerprint)
	}
	if replaced != "" {
		n.held[request] = append(n.held[request], replaced)
	}
	n.planned[request] = append(n.planned[request], fingerprint)
	n.write(fingerprint, n.held[request])
}

// heldBy returns the runs that the plan knew to be held by others.
func (n *planNotes) heldBy(fingerprint string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told[fingerprint]
}

// read returns what the note says; nothing if there is none.
func (n *planNotes) read(fingerprint string) (ids []string) {
	raw, err := os.ReadFile(n.file(fingerprint))
	if err != nil || json.Unmarshal(raw, &ids) != nil {
		return nil
	}
	return ids
}

// write needs n.mu. A note that cannot be written costs no more than what its
// absence means.
func (n *planNotes) write(fingerprint string, ids []string) {
	file := n.file(fingerprint)
	if len(ids) == 0 {
		_ = os.Remove(file) // of an earlier plan, or taken up by this apply
		return
	}
	raw, err := json.Marshal(ids)
	if err != nil || os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	forgetOldNotes(filepath.Dir(file))
	_ = os.WriteFile(file, raw, 0o600)
}

func (n *planNotes) file(fingerprint string) string {
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = os.TempDir()
	}
	sum := sha256.Sum256([]byte(n.server + " " + fingerprint))
	return filepath.Join(folder, "terraform-provider-soda", hex.EncodeToString(sum[:16])+".json")
}

func forgetOldNotes(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > noteKept {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}
