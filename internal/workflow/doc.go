// Package workflow reads what a workflow declares about its inputs and says
// what is wrong with given ones. It is pure: no network, no framework.
package workflow
