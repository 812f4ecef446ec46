package provider

import (
	"cmp"
	"context"
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

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// session is shared by all resources and data sources of one configured provider.
// It logs in when the API is first needed.
type session struct {
	settings settings

	mu      sync.Mutex
	tokens  keystone.Tokens
	client  *orchestration.Client
	account account
	lookups lookups

	refused *keystone.Error // a login that would fail again

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
		registering: make(chan struct{}, 1), uploads: newUploads(),
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, s.account, nil
	}

	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = s.settings.tls
	acc := account{tenantID: s.settings.tenantID, userID: "terraform"}
	s.tokens = keystone.Fixed{}
	if !s.settings.noAuth {
		source := keystone.NewSource(s.settings.login, &http.Client{Transport: base, Timeout: s.settings.requestTimeout}, 0)
		source.Obtained = func(t keystone.Token) { s.store.add(t.ID) }
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
	s.account = acc
	s.client = orchestration.New(orchestration.Config{
		BaseURL:        s.settings.endpoint,
		TenantID:       acc.tenantID,
		HTTP:           &http.Client{Transport: &keystone.Transport{Source: s.tokens, Base: base, Host: s.settings.endpoint.String()}},
		RequestTimeout: s.settings.requestTimeout,
		MaxRetries:     s.settings.maxRetries,
		MaxConcurrent:  s.settings.maxConcurrent,
		Log:            logRequest,
	})
	s.runs = run.New(run.Config{API: s.client, StackStorm: s.stackStorm(), Fresh: s.fresh, Pace: s.settings.pace, Known: s.known})
	return s.client, s.account, nil
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
