package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/gelato"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/hotpot"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/orchestrator"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// clock is the wall clock. It can be moved forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// build makes the servers. Hotpot and gelato come first, because the
// orchestrator hands their addresses to the workflows.
func (s *Sandbox) build(ctx context.Context) error {
	s.keystone = keystone.New(keystone.Config{Now: s.clock.now, Seed: s.cfg.Seed})
	var check access.Check
	switch s.cfg.Auth {
	case "", "noauth":
	case "keystone":
		check = s.identify
	default:
		return fmt.Errorf("auth is %q: it must be noauth or keystone", s.cfg.Auth)
	}
	s.hotpot = hotpot.New(check, s.clock.now)
	s.SetStorageTimes(s.cfg.CreateTime, s.cfg.AttachTime)
	s.gelato = gelato.New(gelato.Config{Check: check, Now: s.clock.now, Old: s.cfg.OldGelato})
	if err := s.listenHotpotAndGelato(ctx); err != nil {
		return err
	}

	s.faults, s.logins = &faults{done: s.done}, &faults{done: s.done}
	if err := s.buildStackStorm(); err != nil {
		return err
	}
	s.orchestrator = orchestrator.New(orchestrator.Config{
		StackStorm: s.stackstorm, User: stackstorm.User, Password: stackstorm.Password,
		Hotpot: s.cfg.hotpot, Gelato: s.cfg.gelato,
		Latency: s.cfg.Latency, Races: s.cfg.Races, Seed: s.cfg.Seed, Now: s.clock.now, Context: ctx, Log: s.log,
	})
	if !s.cfg.Bare {
		if err := s.orchestrator.RegisterShipped(seed.Tenant, seed.User); err != nil {
			return err
		}
	}
	if s.cfg.Old {
		if err := s.makeAllOld(); err != nil {
			return err
		}
	}
	return s.listenOthers(ctx)
}

// identify asks Keystone whom a token stands for.
func (s *Sandbox) identify(token string) (access.Caller, error) {
	g, err := s.keystone.Check(token)
	return access.Caller{User: g.UserID, Tenant: g.ProjectID, Admin: g.Admin, Cloud: g.Admin && g.ProjectName == "admin"}, err
}

// buildStackStorm loads the shipped pack and those of the configuration, which
// are called like their folders where they do not name themselves.
func (s *Sandbox) buildStackStorm() error {
	st2, err := stackstorm.New(stackstorm.Config{
		Version: s.cfg.StackStormVersion, TaskTime: s.cfg.TaskTime, Now: s.clock.now, Random: rand.New(rand.NewPCG(uint64(s.cfg.Seed), 2)),
		Client: inProcess{s.cfg.hotpot: s.hotpot, s.cfg.gelato: s.gelato},
	})
	if err != nil {
		return err
	}
	s.stackstorm = st2
	for _, dir := range s.cfg.Packs {
		path, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if err := st2.Load(os.DirFS(path), filepath.Base(path)); err != nil {
			return fmt.Errorf("loading the pack in %s: %w", dir, err)
		}
	}
	return nil
}

func (s *Sandbox) listenHotpotAndGelato(ctx context.Context) error {
	hotpotPort, gelatoPort := 0, 0
	if s.cfg.Port != 0 {
		hotpotPort, gelatoPort = s.cfg.Port+1, s.cfg.Port+2
	}
	hotpotAt, err := s.listen(ctx, hotpotPort, s.hotpot)
	if err != nil {
		return err
	}
	gelatoAt, err := s.listen(ctx, gelatoPort, s.gelato)
	if err != nil {
		return err
	}
	s.urls.Hotpot, s.urls.Gelato = hotpotAt.URL(), gelatoAt.URL()
	if s.cfg.hotpot == (orchestrator.Address{}) {
		s.cfg.hotpot = hotpotAt
	}
	if s.cfg.gelato == (orchestrator.Address{}) {
		s.cfg.gelato = gelatoAt
	}
	return nil
}

func (s *Sandbox) listenOthers(ctx context.Context) error {
	for _, server := range []struct {
		url     *string
		path    string
		port    int
		handler http.Handler
	}{
		{&s.urls.Keystone, "/identity", 0, s.noteRequests(&s.keystoneRequests, s.logins.handler(s.keystone))},
		{&s.urls.StackStorm, "", 0, s.noteRequests(&s.stackstormRequests, s.stackstorm)},
		{&s.urls.Manage, "", 0, s.manage()},
		{&s.urls.Orchestrator, "", s.cfg.Port, s.noteRequests(&s.requests, s.faults.handler(s.orchestrator))},
	} {
		at, err := s.listen(ctx, server.port, server.handler)
		if err != nil {
			return err
		}
		*server.url = at.URL() + server.path
	}
	return nil
}

// mostSent is how many bytes a request to any server of the sandbox may have.
const mostSent = 64 << 20

// listen serves on loopback until Close.
func (s *Sandbox) listen(ctx context.Context, port int, h http.Handler) (orchestrator.Address, error) {
	open := s.cfg.Listen
	if open == nil {
		open = func(ctx context.Context, address string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, "tcp", address)
		}
	}
	listener, err := open(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return orchestrator.Address{}, fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: http.MaxBytesHandler(h, mostSent), ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Printf("sandbox: %v", err)
		}
	})
	at := listener.Addr().(*net.TCPAddr)
	return orchestrator.Address{Host: at.IP.String(), Port: strconv.Itoa(at.Port)}, nil
}

// noteRequests notes every request when it comes in. It logs the request when it is
// done, even if the connection was cut.
func (s *Sandbox) noteRequests(to *requestLog, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.Method + " " + r.URL.RequestURI()
		to.add(request)

		began := time.Now()
		noted := &statusWriter{ResponseWriter: w}
		defer func() {
			s.log.Printf("%s %d %s", request, noted.status, time.Since(began).Round(time.Millisecond))
		}()
		next.ServeHTTP(noted, r)
	})
}

// statusWriter remembers the status; 0 = there was no answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// inProcess calls servers directly, by the addresses that the workflows are
// given.
type inProcess map[orchestrator.Address]http.Handler

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	h, ok := p[orchestrator.Address{Host: r.URL.Hostname(), Port: r.URL.Port()}]
	if !ok {
		return nil, fmt.Errorf("dial tcp %s: %w", r.URL.Host, syscall.ECONNREFUSED)
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	return serve(h, r).response(r), nil
}
