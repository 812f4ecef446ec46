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
)

// clock is the wall clock, moved forward on request.
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

// build makes the servers, those behind first, since the orchestrator hands
// their addresses to the workflows.
func (s *Sandbox) build(ctx context.Context) error {
	s.keystone = newKeystone(keystoneConfig{now: s.clock.now, seed: s.cfg.Seed})
	var check tokenCheck
	switch s.cfg.Auth {
	case "", "noauth":
	case "keystone":
		check = s.keystone.check
	default:
		return fmt.Errorf("auth is %q: it must be noauth or keystone", s.cfg.Auth)
	}
	s.hotpot, s.gelato = newHotpot(check), newGelato(check)
	s.hotpot.now, s.gelato.now = s.clock.now, s.clock.now
	if err := s.listenBehind(ctx); err != nil {
		return err
	}

	s.faults = &faults{done: s.done}
	s.races = newRaces(s.cfg, s.done)
	if err := s.buildStackStorm(); err != nil {
		return err
	}
	s.orchestrator = &orchestrator{
		st2:   &st2Client{transport: s.stackstorm, ctx: ctx, pause: s.races.roundTrip},
		store: newStore(s.clock.now, s.cfg.Seed), races: s.races,
		hotpot: s.cfg.hotpot, gelato: s.cfg.gelato, log: s.log,
	}
	if !s.cfg.Bare {
		if err := s.registerShipped(); err != nil {
			return err
		}
	}
	return s.listenInFront(ctx)
}

// buildStackStorm loads the shipped pack and those of the configuration, which
// are called like their folders where they do not name themselves.
func (s *Sandbox) buildStackStorm() error {
	st2, err := newStackStorm(stackstormConfig{
		taskTime: s.cfg.TaskTime, now: s.clock.now, random: rand.New(rand.NewPCG(uint64(s.cfg.Seed), 2)),
		client: inProcess{s.cfg.hotpot: s.hotpot, s.cfg.gelato: s.gelato},
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
		if err := st2.load(os.DirFS(path), filepath.Base(path)); err != nil {
			return fmt.Errorf("loading the pack in %s: %w", dir, err)
		}
	}
	return nil
}

// registerShipped registers what the installer registers, as far as it comes
// into being: of the first one's two workflows the second does not exist.
func (s *Sandbox) registerShipped() error {
	for _, sv := range []struct{ name, group, description, workflow string }{
		{"volume provision", "provisioning", "Volume Service", "opensds.provision-volume"},
		{"migration bucket", "migration", "Migration Service", "opensds.migration-bucket"},
	} {
		workflows, refusal, err := s.orchestrator.resolve([]any{record{"definition_source": sv.workflow, "wfe_type": "st2"}})
		if err != nil || refusal != "" {
			return fmt.Errorf("registering %s: %s: %w", sv.name, refusal, err)
		}
		_, err = s.orchestrator.storeService(Tenant, record{
			"name": sv.name, "group": sv.group, "description": sv.description, "user_id": User,
		}, workflows)
		if err != nil {
			return fmt.Errorf("registering %s: %w", sv.name, err)
		}
	}
	return nil
}

func (s *Sandbox) listenBehind(ctx context.Context) error {
	hotpot, err := s.listen(ctx, 0, s.hotpot)
	if err != nil {
		return err
	}
	gelato, err := s.listen(ctx, 0, s.gelato)
	if err != nil {
		return err
	}
	s.urls.Hotpot, s.urls.Gelato = hotpot.url(), gelato.url()
	if s.cfg.hotpot == (hostPort{}) {
		s.cfg.hotpot = hotpot
	}
	if s.cfg.gelato == (hostPort{}) {
		s.cfg.gelato = gelato
	}
	return nil
}

func (s *Sandbox) listenInFront(ctx context.Context) error {
	for _, server := range []struct {
		url     *string
		path    string
		port    int
		handler http.Handler
	}{
		{&s.urls.Keystone, "/identity", 0, s.keystone},
		{&s.urls.StackStorm, "", 0, s.stackstorm},
		{&s.urls.Manage, "", 0, s.manage()},
		{&s.urls.Orchestrator, "", s.cfg.Port, s.recorded(s.faults.handler(s.orchestrator))},
	} {
		at, err := s.listen(ctx, server.port, server.handler)
		if err != nil {
			return err
		}
		*server.url = at.url() + server.path
	}
	return nil
}

// listen serves on loopback until Close.
func (s *Sandbox) listen(ctx context.Context, port int, h http.Handler) (hostPort, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return hostPort{}, fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Printf("sandbox: %v", err)
		}
	})
	at := listener.Addr().(*net.TCPAddr)
	return hostPort{at.IP.String(), strconv.Itoa(at.Port)}, nil
}

func (a hostPort) url() string { return "http://" + net.JoinHostPort(a.host, a.port) }

// recorded notes every request when it comes in and logs it when it is done,
// also one that was cut off.
func (s *Sandbox) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.Method + " " + r.URL.RequestURI()
		s.mu.Lock()
		s.requests = append(s.requests, request)
		s.mu.Unlock()

		began := time.Now()
		noted := &notedWriter{ResponseWriter: w}
		defer func() {
			s.log.Printf("%s %d %s", request, noted.status, time.Since(began).Round(time.Millisecond))
		}()
		next.ServeHTTP(noted, r)
	})
}

// notedWriter remembers the status; 0 = there was no answer.
type notedWriter struct {
	http.ResponseWriter
	status int
}

func (w *notedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *notedWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// inProcess reaches servers by the addresses the workflows are given, without a
// socket.
type inProcess map[hostPort]http.Handler

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	h, ok := p[hostPort{r.URL.Hostname(), r.URL.Port()}]
	if !ok {
		return nil, fmt.Errorf("dial tcp %s: %w", r.URL.Host, syscall.ECONNREFUSED)
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	return serve(h, r).response(r), nil
}
