package provider

import (
	"sync"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

const (
	// leastToken is the length of a secret that is hidden wherever it stands, also in
	// values that other resources use. A shorter one may be a common word.
	leastToken = 16
	// leastInput is the length of a write-only value that every message hides.
	leastInput = 4
)

// secretStore knows the secrets of this process: those of the configuration and of
// the environment, the tokens that were obtained with them, and write-only inputs.
// A nil store knows none.
type secretStore struct {
	mu      sync.Mutex
	known   map[string]bool
	secrets []string
	tokens  []string
	all     *stackstorm.Redactor // of secrets; nil after a change
	long    *stackstorm.Redactor // of tokens; nil after a change
}

// add adds secrets of the provider itself.
func (s *secretStore) add(secrets ...string) { s.remember(secrets, leastToken) }

// addInputs adds the strings among write-only inputs.
func (s *secretStore) addInputs(inputs map[string]any) {
	var long []string
	for _, text := range leafStrings(inputs) {
		if len(text) >= leastInput {
			long = append(long, text)
		}
	}
	s.remember(long, 0)
}

// remember adds secrets. Those of at least the length token are tokens; 0 is none.
func (s *secretStore) remember(secrets []string, token int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if secret == "" || s.known[secret] {
			continue
		}
		if s.known == nil {
			s.known = map[string]bool{}
		}
		s.known[secret] = true
		s.secrets, s.all = append(s.secrets, secret), nil
		if token > 0 && len(secret) >= token {
			s.tokens, s.long = append(s.tokens, secret), nil
		}
	}
}

// shown is a text of any origin as a terminal may show it.
func (s *secretStore) shown(text string) string {
	if s == nil {
		return visible(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = stackstorm.NewRedactor(s.secrets)
	}
	return visible(s.all.Given(text)) // our own words may look like a secret
}

// withoutTokens is a value without the provider's tokens.
func (s *secretStore) withoutTokens(value string) string {
	if s == nil || len(value) < leastToken {
		return value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.long == nil {
		s.long = stackstorm.NewRedactor(s.tokens)
	}
	return s.long.Given(value)
}
