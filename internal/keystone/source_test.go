package keystone_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// pass lets time go by in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func mustToken(t *testing.T, s *keystone.Source) keystone.Token {
	t.Helper()
	return mustFresh(t, s, 0)
}

func mustFresh(t *testing.T, s *keystone.Source, life time.Duration) keystone.Token {
	t.Helper()
	token, err := s.Fresh(t.Context(), life)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSourceLogsInWhenFirstAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		s := k.source(admin())
		if n := k.countLogins(); n != 0 {
			t.Fatalf("%d logins before anybody asked", n)
		}
		got, err := s.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := keystone.Token{
			ID: "secret-token-1", ProjectID: adminProject, ProjectName: "admin",
			UserID: "<admin user id>", UserName: "admin",
			ExpiresAt: time.Now().Add(time.Hour), Renewable: true,
		}
		if !got.ExpiresAt.Equal(want.ExpiresAt) {
			t.Errorf("expires at %v, want %v", got.ExpiresAt, want.ExpiresAt)
		}
		got.ExpiresAt = want.ExpiresAt
		if got != want {
			t.Errorf("got %s %q, want %s", got, got.ID, want)
		}
		mustToken(t, s)
		if n := k.countLogins(); n != 1 {
			t.Errorf("%d logins for two calls", n)
		}
	})
}

func TestTokenIsRenewedByItsEnd(t *testing.T) {
	cases := []struct {
		name             string
		lifetime, margin time.Duration
		renewedAfter     time.Duration
	}{
		{"five minutes before", time.Hour, 0, 55 * time.Minute},
		{"as configured", time.Hour, 10 * time.Minute, 50 * time.Minute},
		{"a third of a short life", 30 * time.Second, 0, 20 * time.Second},
		{"a third, when configured longer than it lives", 30 * time.Minute, time.Hour, 20 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFake(t)
				k.lifetime = c.lifetime
				s := keystone.NewSource(admin(), k.client(), c.margin)
				first := mustToken(t, s)
				pass(c.renewedAfter)
				if again := mustToken(t, s); again.ID != first.ID {
					t.Fatalf("renewed with %v left", c.lifetime-c.renewedAfter)
				}
				pass(time.Second)
				if again := mustToken(t, s); again.ID == first.ID {
					t.Fatalf("not renewed with %v left", c.lifetime-c.renewedAfter-time.Second)
				}
			})
		})
	}
}

func TestFreshGivesTheLifeAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		s := k.source(admin())
		first := mustFresh(t, s, 40*time.Minute)
		pass(20 * time.Minute)
		if mustFresh(t, s, 40*time.Minute).ID != first.ID {
			t.Error("renewed with just enough life left")
		}
		pass(time.Second)
		second := mustFresh(t, s, 40*time.Minute)
		if second.ID == first.ID || time.Until(second.ExpiresAt) < 40*time.Minute {
			t.Errorf("got a token with %v left", time.Until(second.ExpiresAt))
		}
		if mustToken(t, s).ID != second.ID {
			t.Error("the fresh token is not the one in use")
		}
	})
}

func TestFreshBeyondTheLifetimeIsTheFreshestThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		s := k.source(admin())
		first := mustFresh(t, s, 2*time.Hour)
		if left := time.Until(first.ExpiresAt); left != time.Hour {
			t.Errorf("%v left, and the caller should see so", left)
		}
		pass(30 * time.Second)
		if mustFresh(t, s, 2*time.Hour).ID != first.ID {
			t.Error("a burst of runs is a burst of logins")
		}
		pass(time.Second)
		if mustFresh(t, s, 2*time.Hour).ID == first.ID {
			t.Error("an older token passed for the freshest")
		}
	})
}

func TestManyCallersShareOneLogin(t *testing.T) {
	k := newFake(t)
	k.gate, k.arrived = make(chan struct{}), make(chan struct{}, 1)
	s := k.source(admin())
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := s.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	<-k.arrived
	close(k.gate)
	all.Wait()
	if n := k.countLogins(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestACallerWhoLeavesDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		k.gate, k.arrived = make(chan struct{}), make(chan struct{}, 1)
		s := k.source(admin())
		ctx, cancel := context.WithCancel(t.Context())
		leaver, stayer := make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Token(ctx); leaver <- err }() // the login runs on this one's behalf
		<-k.arrived
		go func() { _, err := s.Token(t.Context()); stayer <- err }()
		synctest.Wait()

		cancel()
		if err := <-leaver; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		close(k.gate)
		if err := <-stayer; err != nil {
			t.Errorf("the one who stayed got %v", err)
		}
		if n := k.countLogins(); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}

func TestALoginNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		k.gate, k.arrived, k.left = make(chan struct{}), make(chan struct{}, 1), make(chan struct{}, 1)
		s := k.source(admin())
		ctx, cancel := context.WithCancel(t.Context())
		outcome := make(chan error, 1)
		go func() { _, err := s.Token(ctx); outcome <- err }()
		<-k.arrived
		began := time.Now()
		cancel()
		<-outcome
		<-k.left
		if waited := time.Since(began); waited != 0 { // by the bubble's clock
			t.Errorf("the request was given up only after %v", waited)
		}

		close(k.gate)
		if _, err := s.Token(t.Context()); err != nil {
			t.Errorf("the next caller got %v", err)
		}
	})
}

func TestNoLoginForACallerAlreadyGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.source(admin()).Token(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if seen := k.requests(); len(seen) != 0 {
			t.Errorf("sent %q", seen)
		}
	})
}

func TestAHangingKeystoneIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		k.gate = make(chan struct{})
		began := time.Now()
		_, err := k.source(admin()).Token(t.Context())
		e := wantError(t, err, keystone.KindUnreachable, "auth_url")
		wantText(t, e, "did not answer in time")
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("our own timeout passes for the caller's")
		}
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestAFailedRenewalTakesNothingFromAWorkingToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFake(t)
		s := k.source(admin())
		first := mustToken(t, s)
		pass(56 * time.Minute)
		k.set(func() {
			k.override = func(*http.Request) *answer { return &answer{Status: http.StatusServiceUnavailable} }
		})
		if mustToken(t, s).ID != first.ID {
			t.Error("another token from a Keystone that is down?")
		}
		_, err := s.Fresh(t.Context(), 30*time.Minute)
		wantError(t, err, keystone.KindUnreachable, "auth_url") // a run must not start with too little

		tries := k.countLogins()
		pass(29 * time.Second)
		mustToken(t, s)
		if n := k.countLogins(); n != tries {
			t.Error("a Keystone that is down is asked on every request")
		}
		pass(2 * time.Second)
		mustToken(t, s)
		if n := k.countLogins(); n != tries+1 {
			t.Errorf("%d more tries after the pause, want 1", n-tries)
		}
		pass(4 * time.Minute)
		_, err = s.Token(t.Context())
		wantError(t, err, keystone.KindUnreachable, "auth_url")

		k.set(func() { k.override = nil })
		if mustToken(t, s).ID == first.ID {
			t.Error("still the dead token")
		}
	})
}

func TestClocksNeedNotAgree(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFake(t)
				k.skew = skew
				if left := time.Until(mustToken(t, k.source(admin())).ExpiresAt); left != time.Hour {
					t.Errorf("a new token seems to live %v", left)
				}
				given := admin()
				given.Password, given.Token = "", k.hand(canonical(t, recorded(t, "login-password")[0].Request.Body))
				pass(20 * time.Minute)
				s := k.source(given)
				if left := time.Until(mustToken(t, s).ExpiresAt); left != 40*time.Minute {
					t.Errorf("a given token seems to live %v", left)
				}
				pass(39 * time.Minute)
				mustToken(t, s)
				pass(2 * time.Minute)
				_, err := s.Token(t.Context())
				wantError(t, err, keystone.KindExpired, "token")
			})
		})
	}
}
