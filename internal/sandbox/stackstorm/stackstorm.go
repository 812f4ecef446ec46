// Package stackstorm stands in for StackStorm and its workflow engine. It runs
// the workflows of packs, which call hotpot and gelato over HTTP.
package stackstorm

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The account that the orchestrator logs in with.
const (
	User     = "st2admin"
	Password = "Ch@ngeMe"
)

// APIKey is a key of that account, good from the start and for ever.
const APIKey = "c2FuZGJveC1zdGFja3N0b3JtLWFwaS1rZXktb2Ytc3QyYWRtaW4"

// The versions that it can be.
const (
	Version320 = "3.2.0" // with Mistral, which SODA ships
	Version381 = "3.8.1" // with Orquesta alone
)

// Config says how StackStorm behaves. The zero value works, except
// that its workflows have nobody to talk to.
type Config struct {
	Version  string            // Version320 (default) or Version381
	TaskTime time.Duration     // how long each task takes; 0: see (*stackstorm).look
	Now      func() time.Time  // nil: time.Now
	Random   *rand.Rand        // nil: seeded with 0
	Client   http.RoundTripper // whom the workflows speak to
}

// Server is StackStorm, as far as an orchestrator, its workflows and a client
// see it. It is an http.Handler for people and an
// http.RoundTripper for the orchestrator; only the latter can be "down".
//
// One lock guards everything. It is held while tasks call hotpot and gelato,
// which never call back.
type Server struct {
	cfg     Config
	newer   bool // it is 3.8.1
	runners map[string]map[string]any
	handler http.Handler
	ctx     context.Context // of the tasks, which go on when the client has gone
	stop    context.CancelFunc

	mu          sync.Mutex
	actions     []*packAction // by pack and name, as its database sorts them
	packs       map[string]*pack
	runs        []*execution // without those of tasks; oldest first
	byID        map[string]*execution
	count       int      // of executions ever
	traces      []*trace // oldest first
	tokens      map[string]token
	keys        []*apiKey
	held        bool
	failures    map[string]armedFailure // by action
	firstStatus map[string]string       // by action; and it stays so
	faults      []*activeFault
	recovered   chan struct{} // closed by Recover
	calls       []string      // the kind of each so far
}

// New makes a StackStorm with the shipped pack. Load adds others.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.New(rand.NewPCG(0, 0))
	}
	s := &Server{
		cfg:         cfg,
		newer:       cfg.Version == Version381,
		byID:        map[string]*execution{},
		packs:       map[string]*pack{},
		tokens:      map[string]token{},
		failures:    map[string]armedFailure{},
		firstStatus: map[string]string{},
		recovered:   make(chan struct{}),
	}
	if cfg.Version != "" && cfg.Version != Version320 && !s.newer {
		return nil, fmt.Errorf("StackStorm %q is unknown: %s or %s", cfg.Version, Version320, Version381)
	}
	if err := s.loadRunners(); err != nil {
		return nil, err
	}
	s.addKey(User, APIKey, map[string]any{})
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.handler = s.routes()

	shipped, err := fs.Sub(shippedPacks, "packs/opensds")
	if err != nil {
		return nil, err
	}
	return s, s.Load(shipped, "opensds")
}

// Close ends calls that hang and tasks that wait.
func (s *Server) Close() { s.stop() }

// Load adds the actions of a pack and replaces those with the same reference.
// The pack's name is in its pack.yaml; if there is none, it is the given name.
func (s *Server) Load(dir fs.FS, name string) error {
	name, err := packName(dir, name)
	if err != nil {
		return err
	}
	actions, err := loadPack(dir, name)
	if err != nil {
		return err
	}
	for _, a := range actions {
		s.register(a)
	}
	return s.loadFiles(dir, name, actions)
}

// register adds an action, or replaces the one with the same reference and
// keeps its id. Its declaration is from then on as the database has it.
func (s *Server) register(a *packAction) {
	for i, p := range a.Parameters {
		a.Parameters[i].Schema, _ = stored(p.Schema).(map[string]any)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.insert(a)
}

// insert is register for those who hold the lock.
func (s *Server) insert(a *packAction) {
	a.ID = s.newID()
	i, found := slices.BinarySearchFunc(s.actions, a, func(x, y *packAction) int {
		return cmp.Or(cmp.Compare(x.Pack, y.Pack), cmp.Compare(x.Name, y.Name))
	})
	if found {
		a.ID = s.actions[i].ID
		s.actions[i] = a
		return
	}
	s.actions = slices.Insert(s.actions, i, a)
}

// AddAction adds the action of a metadata file. If the file names no pack, the
// pack is "default".
func (s *Server) AddAction(text string) error {
	a, err := parseAction([]byte(text), "default")
	if err != nil {
		return err
	}
	s.register(a)
	return nil
}

// RemoveAction removes an action. It reports whether there was one.
func (s *Server) RemoveAction(ref string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.actions)
	s.actions = slices.DeleteFunc(s.actions, func(a *packAction) bool { return a.ref() == ref })
	return len(s.actions) < n
}

// action finds an action by its reference or id.
func (s *Server) action(name string) *packAction {
	i := slices.IndexFunc(s.actions, func(a *packAction) bool { return a.ref() == name || a.ID == name })
	if i < 0 {
		return nil
	}
	return s.actions[i]
}

// newID makes an id as MongoDB does: the time, then random bytes.
func (s *Server) newID() string {
	tail := make([]byte, 8)
	for i := range tail {
		tail[i] = byte(s.cfg.Random.UintN(256))
	}
	return fmt.Sprintf("%08x", uint32(s.cfg.Now().Unix())) + hex.EncodeToString(tail)
}

// newUUID makes an id as Mistral does for its tasks and workflows.
func (s *Server) newUUID() string {
	a, b := s.cfg.Random.Uint64(), s.cfg.Random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

// Execution is one execution of an action, as StackStorm holds it.
type Execution struct {
	ID         string
	Action     string // reference, e.g. opensds.provision-volume
	Status     string // StackStorm's word, e.g. "succeeded"
	Parameters map[string]any
	Context    map[string]any // with the marks that the POST brought
	Started    time.Time
}

// Executions lists what was started and not purged, oldest first. Unlike a read
// by id it does not move an execution that goes on by reads.
func (s *Server) Executions() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Execution, len(s.runs))
	for i, e := range s.runs {
		s.advance(e)
		list[i] = Execution{
			ID: e.id, Action: e.action.ref(), Status: e.status,
			Parameters: e.params.values, Context: s.shownContext(e), Started: e.started,
		}
	}
	return list
}

// Actions lists the references of all actions in StackStorm's order.
func (s *Server) Actions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs := make([]string, len(s.actions))
	for i, a := range s.actions {
		refs[i] = a.ref()
	}
	return refs
}
