// Package wait polls until something is done or the context ends. It knows no
// API and repeats nothing that failed.
package wait
