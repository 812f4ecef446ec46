package sandbox

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/gelato"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/hotpot"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/orchestrator"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// What every sandbox holds from the start; package seed says what each is.
const (
	Tenant    = seed.Tenant
	User      = seed.User
	Password  = seed.Password
	HostID    = seed.HostID
	ProfileID = seed.ProfileID

	ApplicationCredentialID     = seed.ApplicationCredentialID
	ApplicationCredentialSecret = seed.ApplicationCredentialSecret
)

// Config says how the sandbox behaves. With the zero value nothing goes wrong,
// and a workflow ends when its execution is read.
type Config struct {
	Port     int           // the orchestrator's, with hotpot and gelato on the next two; 0 = any free ones
	TaskTime time.Duration // how long each task of a workflow takes; 0 = a workflow ends when its execution is read
	Latency  time.Duration // of every call the orchestrator makes to StackStorm
	Auth     string        // how hotpot and gelato check tokens: "noauth" (default) or "keystone"
	Packs    []string      // folders of StackStorm packs, with actions/*.yaml, to load besides the shipped one
	Races    bool          // requests that overlap mix up their answers (Races in testdata/contract/README.md)
	Seed     int64         // of everything that is random
	Bare     bool          // without the two services that an installation registers
	Old      bool          // with records that cannot be read in front of those services' own (MakeOld)

	// Listen opens what a server listens on; nil = TCP. Tests give a network in
	// memory. The listener's address must be a *net.TCPAddr.
	Listen func(ctx context.Context, address string) (net.Listener, error)

	// StackStormVersion is "3.2.0" (default), which runs Mistral workflows, or
	// "3.8.1", which runs Orquesta ones.
	StackStormVersion string

	Log io.Writer // a line per request; nil = quiet

	CreateTime time.Duration // how long the storage takes to make a volume, see SetStorageTimes
	AttachTime time.Duration // and to attach one
	OldGelato  bool          // strato v0.10, which the shipped data analysis needs

	// What the orchestrator's configuration file says about these two. If
	// unset, it is where they listen.
	hotpot, gelato orchestrator.Address
}

// Sandbox is a running stand-in for everything around an orchestrator.
type Sandbox struct {
	cfg    Config
	clock  clock
	done   chan struct{} // closed by Close
	cancel context.CancelFunc
	log    *log.Logger

	orchestrator *orchestrator.Server
	faults       *faults // of the orchestrator
	stackstorm   *stackstorm.Server
	hotpot       *hotpot.Server
	gelato       *gelato.Server
	keystone     *keystone.Server
	logins       *faults // of Keystone

	servers []*http.Server
	serving sync.WaitGroup
	closing sync.Once
	urls    URLs

	requests           requestLog // to the orchestrator
	stackstormRequests requestLog // to StackStorm, over the network
	keystoneRequests   requestLog
}

// URLs are where the servers of a sandbox listen.
type URLs struct {
	Orchestrator string `json:"orchestrator"` // the API is below /v1beta
	Hotpot       string `json:"hotpot"`       // the API is below /v1beta
	Gelato       string `json:"gelato"`       // the API is below /v1
	Keystone     string `json:"keystone"`     // ends in /identity; the API is below /identity/v3
	StackStorm   string `json:"stackstorm"`   // the API is below /api/v1 and /auth/v1
	Manage       string `json:"manage"`       // a GET lists what the management port can do
}

// Start starts a sandbox. It listens on 127.0.0.1 only, and its state is lost
// when it is closed.
func Start(cfg Config) (*Sandbox, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sandbox{
		cfg: cfg, done: make(chan struct{}), cancel: cancel,
		log: log.New(cmp.Or[io.Writer](cfg.Log, io.Discard), "", 0),
	}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.log.Printf("sandbox: seed %d", cfg.Seed)
	return s, nil
}

// Close stops the servers and ends every request that waits.
func (s *Sandbox) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.done)
		s.cancel()
		if s.hotpot != nil {
			err = s.hotpot.SetOutage(hotpot.NoOutage) // which requests may wait for
		}
		if s.stackstorm != nil {
			s.stackstorm.Close()
		}
		for _, server := range s.servers {
			err = errors.Join(err, server.Close())
		}
		s.serving.Wait()
	})
	return err
}

// URLs returns the addresses of all servers.
func (s *Sandbox) URLs() URLs { return s.urls }

// Service is a registered service.
type Service = orchestrator.Service

// Row is an instance in the orchestrator's database.
type Row = orchestrator.Row

// Services lists the registered services, oldest first. It makes no request.
func (s *Sandbox) Services() []Service { return s.orchestrator.Services() }

// Instances lists the stored instances, oldest first. It makes no request.
func (s *Sandbox) Instances() []Row { return s.orchestrator.Instances() }

// Forget deletes an instance's record, as another client would. It reports
// whether there was one.
func (s *Sandbox) Forget(instanceID string) bool { return s.orchestrator.Forget(instanceID) }

// Restart restarts the orchestrator. Its database stays.
func (s *Sandbox) Restart() { s.orchestrator.Restart() }

// SetRaces switches Config.Races on or off.
func (s *Sandbox) SetRaces(on bool) { s.orchestrator.SetRaces(on) }

// Advance moves the clock of the whole sandbox forward.
func (s *Sandbox) Advance(d time.Duration) { s.clock.advance(d) }

// SetTokenTTL sets the lifetime of the tokens that Keystone issues from now on.
func (s *Sandbox) SetTokenTTL(d time.Duration) { s.keystone.SetTTL(d) }

// Fault makes the orchestrator misbehave, until remove is called. It panics if
// f.Path is not a regular expression.
func (s *Sandbox) Fault(f Fault) (remove func()) { return s.faults.add(f) }

// Requests lists every request the orchestrator has received so far, each as
// "METHOD /path?query".
func (s *Sandbox) Requests() []string { return s.requests.list() }

// FaultKeystone makes Keystone misbehave, until remove is called. It panics if
// f.Path is not a regular expression.
func (s *Sandbox) FaultKeystone(f Fault) (remove func()) { return s.logins.add(f) }

// KeystoneRequests lists every request Keystone has received so far, each as
// "METHOD /path?query".
func (s *Sandbox) KeystoneRequests() []string { return s.keystoneRequests.list() }

// requestLog holds requests in the order in which they came in.
type requestLog struct {
	mu   sync.Mutex
	seen []string
}

func (l *requestLog) add(request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, request)
}

func (l *requestLog) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.seen)
}
