package stackstorm

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const tokenLife = 24 * time.Hour

// token is a token with its end.
type token struct {
	user  string
	until time.Time
}

// apiKey is a key, which never ends. The secret is told once, when it is made.
type apiKey struct {
	id, user, secret string
	metadata         map[string]any
	created          time.Time
	enabled          bool
}

func hashOf(secret string) string {
	sum := sha512.Sum512([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// identity is who makes a call, and how they say so.
type identity struct{ user, method, location string }

type identityKey struct{}

func callerOf(r *http.Request) identity {
	c, _ := r.Context().Value(identityKey{}).(identity)
	return c
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || user != User || password != Password {
		writeFault(w, http.StatusUnauthorized, "Invalid or missing credentials")
		return
	}
	var body struct {
		TTL int64 `json:"ttl"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		writeFault(w, http.StatusBadRequest, parseFailure(err))
		return
	}
	life := tokenLife
	if body.TTL > 0 {
		life = time.Duration(body.TTL) * time.Second
	}
	if life > tokenLife {
		writeFault(w, http.StatusBadRequest, fmt.Sprintf("TTL specified %d is greater than max allowed %d.",
			body.TTL, int(tokenLife.Seconds())))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := token{user: user, until: s.cfg.Now().Add(life)}
	secret := s.newUUID()
	s.tokens[secret] = t
	writeJSON(w, http.StatusCreated, map[string]any{
		"id": s.newID(), "user": user, "token": secret, "expiry": st2Time(t.until),
		"metadata": map[string]any{}, "service": false,
	})
}

// authorized lets a call through that has a token or an API key, in a header or
// in the query. A token that is there counts, whatever the key (S31).
func (s *Server) authorized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		var c identity
		var refusal string
		switch {
		case r.Header.Get("X-Auth-Token") != "":
			c, refusal = s.byToken(w, r.Header.Get("X-Auth-Token"), "header")
		case query.Get("x-auth-token") != "":
			c, refusal = s.byToken(w, query.Get("x-auth-token"), "query")
		case r.Header.Get("St2-Api-Key") != "":
			c, refusal = s.byKey(r.Header.Get("St2-Api-Key"), "header")
		case query.Get("st2-api-key") != "":
			c, refusal = s.byKey(query.Get("st2-api-key"), "query")
		default:
			refusal = "Unauthorized - One of Token or API key required."
		}
		if refusal != "" {
			writeFault(w, http.StatusUnauthorized, refusal)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, c)))
	})
}

// byToken also sets the cookie that answers to tokens have.
func (s *Server) byToken(w http.ResponseWriter, secret, location string) (c identity, refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.tokens[secret]
	left := t.until.Sub(s.cfg.Now())
	switch {
	case !known:
		return c, "Unauthorized"
	case left < 0:
		return c, "Unauthorized - Token has expired."
	}
	cookie := fmt.Sprintf("auth-token=%s; Max-Age=%d; Path=/; expires=%s; ",
		secret, int(left.Seconds()), t.until.UTC().Format("Mon, 02-Jan-2006 15:04:05 GMT"))
	if s.newer {
		cookie += "secure; HttpOnly; SameSite=lax"
	} else {
		cookie += "HttpOnly"
	}
	w.Header().Set("Set-Cookie", cookie)
	return identity{t.user, "authentication token", location}, ""
}

func (s *Server) byKey(secret, location string) (c identity, refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.secret != secret {
			continue
		}
		if !k.enabled {
			return c, "Unauthorized - API key is disabled."
		}
		return identity{k.user, "API key", location}, ""
	}
	return c, "Unauthorized - ApiKey with key_hash=" + hashOf(secret) + " not found."
}

// whoAmI: without RBAC everybody is an administrator (S32).
func (s *Server) whoAmI(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	writeJSON(w, http.StatusOK, map[string]any{
		"username":       c.user,
		"authentication": map[string]any{"method": c.method, "location": c.location},
		"rbac":           map[string]any{"enabled": false, "roles": []any{}, "is_admin": true},
	})
}

// addKey makes a key.
func (s *Server) addKey(user, secret string, metadata map[string]any) *apiKey {
	k := &apiKey{id: s.newID(), user: user, secret: secret, metadata: metadata, created: s.cfg.Now(), enabled: true}
	s.keys = append(s.keys, k)
	return k
}

func (k *apiKey) view() map[string]any {
	return map[string]any{
		"id": k.id, "user": k.user, "metadata": k.metadata, "created_at": st2Time(k.created), "enabled": k.enabled,
	}
}

func (s *Server) createKey(w http.ResponseWriter, r *http.Request) {
	var body struct {
		User     string
		Metadata map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		writeFault(w, http.StatusBadRequest, parseFailure(err))
		return
	}
	if body.User == "" {
		body.User = callerOf(r).user
	}
	if body.Metadata == nil {
		body.Metadata = map[string]any{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.addKey(body.User, hashOf(s.newUUID())[:64], body.Metadata)
	view := k.view()
	view["key"], view["uid"] = k.secret, "api_key:"+hashOf(k.secret)
	writeJSON(w, http.StatusCreated, view)
}

// changeKey is how a key is disabled. It shows the hash where the POST's answer
// has it in the uid.
func (s *Server) changeKey(w http.ResponseWriter, r *http.Request) {
	var body struct {
		User     string
		Metadata map[string]any
		Enabled  bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		writeFault(w, http.StatusBadRequest, parseFailure(err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.id == r.PathValue("id") {
			k.user, k.metadata, k.enabled, k.created = body.User, body.Metadata, body.Enabled, s.cfg.Now()
			view := k.view()
			view["uid"], view["key_hash"] = "api_key:", hashOf(k.secret)
			writeJSON(w, http.StatusOK, view)
			return
		}
	}
	writeFault(w, http.StatusNotFound, fmt.Sprintf("ApiKey with id \"%s\" not found.", r.PathValue("id")))
}
