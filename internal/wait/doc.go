// Package wait polls until something is done or the context ends. It knows no
// API: the caller says which failed polls it puts up with.
package wait
