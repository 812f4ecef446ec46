package run

import "time"

// UsualLength is how long a run of the workflow takes, as far as this process
// knows: the quickest that succeeded.
func (r *Runs) UsualLength(action string) (length time.Duration, known bool) {
	r.durations.mu.Lock()
	defer r.durations.mu.Unlock()
	length, known = r.durations.shortest[action]
	return length, known
}
