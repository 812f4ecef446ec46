package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sodafoundation/terraform-provider-soda/internal/bounded"
	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// session is shared by all resources and data sources of one configured provider.
// It logs in when the API is first needed.
type session struct {
	settings settings

	// loggingIn holds one place: of those who need the API first, one logs in. It
	// guards the next two.
	loggingIn chan struct{}
	tokens    keystone.Tokens
	refused   *keystone.Error // a login that would fail again

	mu      sync.Mutex // guards the next three; nobody waits for the network with it
	client  *orchestration.Client
	account account
	lookups lookups

	known       *run.Known
	notes       *planNotes
	store       *secretStore
	read        readRuns
	newServices newServices
	sawState    atomic.Bool   // some resource of the state was read
	runs        *run.Runs     // set with client
	registering chan struct{} // holds one place: services are registered one at a time

	stackStormOnce   sync.Once
	stackStormClient *stackstorm.Client // made by stackStorm
	uploads          *uploads
	planned          plannedActions
}

// random spreads the pauses; nil means at random. Tests set it, so that they
// repeat themselves.
var random func() float64

// account is the tenant and user of the provider.
type account struct{ tenantID, userID string }

// unknownSettingsError means that settings of the provider are not known yet.
type unknownSettingsError struct{ arguments []string }

func (e *unknownSettingsError) Error() string {
	return fmt.Sprintf("the provider's %s is not known before apply", strings.Join(e.arguments, ", "))
}

func newSession(set settings) *session {
	return &session{
		settings: set, known: run.NewKnown(), notes: newPlanNotes(fmt.Sprint(set.endpoint, " ", set.tenantID)),
		loggingIn: make(chan struct{}, 1), registering: make(chan struct{}, 1), uploads: newUploads(),
	}
}

// api returns the client. It logs in first if that has not been done yet.
func (s *session) api(ctx context.Context) (*orchestration.Client, account, error) {
	if s == nil {
		return nil, account{}, errors.New("the provider is not configured")
	}
	if len(s.settings.unknown) > 0 {
		return nil, account{}, &unknownSettingsError{s.settings.unknown}
	}
	if client, acc := s.ready(); client != nil {
		return client, acc, nil // also after an interrupt
	}
	select {
	case s.loggingIn <- struct{}{}:
		defer func() { <-s.loggingIn }()
	case <-ctx.Done():
		return nil, account{}, context.Cause(ctx)
	}
	if client, acc := s.ready(); client != nil {
		return client, acc, nil
	}

	base := newTransport(s.settings.tls)
	acc := account{tenantID: s.settings.tenantID, userID: "terraform"}
	s.tokens = keystone.Fixed{}
	if !s.settings.noAuth {
		source := keystone.NewSource(s.settings.login, &http.Client{Transport: base, Timeout: s.settings.requestTimeout}, 0)
		source.Obtained = func(id string) { s.store.add(id) }
		if s.refused != nil {
			return nil, account{}, &repeatedLoginError{s.refused}
		}
		token, err := source.Token(ctx)
		if err != nil {
			return nil, account{}, s.failedLogin(err)
		}
		acc.tenantID, acc.userID = cmp.Or(acc.tenantID, token.ProjectID), cmp.Or(token.UserID, acc.userID)
		s.tokens = source
	}
	client := orchestration.New(orchestration.Config{
		BaseURL:        s.settings.endpoint,
		TenantID:       acc.tenantID,
		HTTP:           &http.Client{Transport: &keystone.Transport{Source: s.tokens, Base: base, Host: s.settings.endpoint.String()}},
		RequestTimeout: s.settings.requestTimeout,
		MaxRetries:     s.settings.maxRetries,
		MaxConcurrent:  s.settings.maxConcurrent,
		Log:            s.store.logRequest,
		Random:         random,
	})
	pace := s.settings.pace
	pace.Random = random
	s.runs = run.New(run.Config{API: client, StackStorm: s.stackStorm(), Fresh: s.fresh, Pace: pace, Known: s.known})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.account = client, acc
	return client, acc, nil
}

// newTransport is what requests to one server go through. Its connections are its
// own, since a transport changes its TLS settings.
func newTransport(settings *tls.Config) http.RoundTripper {
	own := http.DefaultTransport.(*http.Transport).Clone()
	own.TLSClientConfig = settings.Clone()
	return bounded.Transport{Next: own}
}

// ready returns the client if somebody has logged in.
func (s *session) ready() (*orchestration.Client, account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client, s.account
}

// fresh makes sure that the token is valid for life, as far as Keystone allows. It
// returns when the token expires, or zero if it does not.
func (s *session) fresh(ctx context.Context, life time.Duration) (time.Time, error) {
	token, err := s.tokens.Fresh(ctx, life)
	return token.ExpiresAt, err
}

// configured gives resources, data sources and actions the provider's session.
type configured struct{ *session }

func (c *configured) take(data any, diags *diag.Diagnostics) {
	if data == nil {
		return // validate and destroy plans run without a configured provider
	}
	s, ok := data.(*session)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("This is a bug in the provider: got %T.", data))
		return
	}
	c.session = s
}

type configuredResource struct{ configured }

func (c *configuredResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	c.take(req.ProviderData, &resp.Diagnostics)
}

type configuredDataSource struct{ configured }

func (c *configuredDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	c.take(req.ProviderData, &resp.Diagnostics)
}
