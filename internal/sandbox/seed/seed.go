// Package seed names the accounts and things that the sandbox starts with. It
// also makes identifiers that are the same in every run with the same seed.
package seed

import (
	"fmt"
	"math/rand/v2"
)

// What the sandbox holds at the start. Tenant and User are those of the
// identity image that most installations start from.
const (
	// Tenant is the project "admin". Everything that exists at the start
	// belongs to it.
	Tenant = "94b280022d0c4401bcf3b0ea85870519"
	// User is the user "admin", an administrator of Tenant.
	User = "558057c4256545bd8a307c37464003c9"
	// Password is the password of every account: admin, opensds and demo.
	Password = "opensds@123"

	// HostID is the one host at the start that volumes can be attached to.
	HostID = "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"
	// ProfileID is the profile default_block.
	ProfileID = "2f9c0a04-66ef-11e7-ade2-43158893e017"

	// ApplicationCredentialID and ApplicationCredentialSecret log in as User,
	// scoped to Tenant.
	ApplicationCredentialID     = "5f1a6d0c3b8e4f27a9d2c4e6b8017395"
	ApplicationCredentialSecret = "sandbox-application-credential-secret"
	// ApplicationCredentialName is the name of that credential. It is unique
	// among the credentials of User.
	ApplicationCredentialName = "sandbox"
)

// IDs makes the identifiers of one server. They are the same in every run with
// the same seed. It is not safe for concurrent use; the server that owns it
// locks it.
type IDs struct{ random *rand.Rand }

// NewIDs makes the identifiers of a seed.
func NewIDs(seed int64) *IDs {
	return &IDs{random: rand.New(rand.NewPCG(uint64(seed), 0))}
}

// UUID makes a random UUID, version 4.
func (s *IDs) UUID() string {
	high := s.random.Uint64()&^0xf000 | 0x4000        // version 4
	low := s.random.Uint64()&^(3<<62) | uint64(2)<<62 // RFC 4122's variant
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

// Hex makes so many hexadecimal digits.
func (s *IDs) Hex(digits int) string {
	return s.text("0123456789abcdef", digits)
}

// Base64 makes characters that look like URL-safe base64. They encode nothing.
func (s *IDs) Base64(length int) string {
	return s.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length)
}

func (s *IDs) text(alphabet string, length int) string {
	b := make([]byte, length)
	for i := range b {
		b[i] = alphabet[s.random.IntN(len(alphabet))]
	}
	return string(b)
}
