package provider

import (
	"fmt"
	"strings"
	"time"
)

// sentence ends s with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return s
}

// upper makes the first letter a capital.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// round rounds a duration for a message.
func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func quoted(name string) string { return fmt.Sprintf("%q", name) }

// setting names an argument and its environment variables in a message.
func setting(argument string, variables ...string) string {
	where := argument + " in the provider block"
	if names := strings.Join(variables, " or "); names != "" {
		where += ", or " + names + " in the environment"
	}
	return where
}
