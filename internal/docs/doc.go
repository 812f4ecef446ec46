// Package docs holds the tests of what README.md, the guides and the examples
// promise. It has no other code.
package docs
