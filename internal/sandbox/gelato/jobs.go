package gelato

import (
	"net/http"
)

// unsetTime is how an unset time is shown: the start of the year 1, in Unix
// seconds.
const unsetTime = -62135596800

type jobRow struct {
	ID             string `json:"id,omitempty"`
	Type           string `json:"type,omitempty"`
	PlanName       string `json:"planName,omitempty"`
	PlanID         string `json:"planId,omitempty"`
	Description    string `json:"description,omitempty"`
	SourceLocation string `json:"sourceLocation,omitempty"`
	DestLocation   string `json:"destLocation,omitempty"`
	Status         string `json:"status,omitempty"`
	CreateTime     int64  `json:"createTime,omitempty"`
	StartTime      int64  `json:"startTime,omitempty"`
	EndTime        int64  `json:"endTime,omitempty"`
	TotalCapacity  int    `json:"totalCapacity,omitempty"` // bytes
	PassedCapacity int    `json:"passedCapacity,omitempty"`
	TotalCount     int    `json:"totalCount,omitempty"`
	PassedCount    int    `json:"passedCount,omitempty"`
	Progress       int    `json:"progress,omitempty"` // per cent

	tenant string
	prefix string // of the objects to move
	remain bool   // at the source
	mover  Mover
}

// Mover is how the service behind gelato moves the objects of a job.
type Mover struct {
	// Refused: the cloud refuses every copy. The job counts them as passed, and
	// deletes the source's objects unless they are to remain (G10).
	Refused bool `json:"refused"`
	// Stuck: a late write of the progress overwrites the final status, so that
	// the job stays "running" for ever (G10).
	Stuck bool `json:"stuck"`
	// Fails: the job fails before it has moved anything.
	Fails bool `json:"fails"`
}

// SetMover sets how the jobs go that are started from now on.
func (g *Server) SetMover(m Mover) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mover = m
}

// getJob shows no start and a description that says nothing, unlike the list. A
// job that is not there is hollow (G1).
func (g *Server) getJob(c *call) (any, error) {
	for _, job := range g.jobs {
		if job.ID == c.id && c.owns(job.tenant) {
			seen := g.read(job)
			seen.StartTime = 0
			seen.Description = "for test"
			return map[string]any{"job": seen}, nil
		}
	}
	if g.old || !objectID.MatchString(c.id) {
		return nil, refused(http.StatusNotFound, "Job Id-%s does not exist in system", c.id)
	}
	return map[string]any{"job": jobRow{Description: "for test", CreateTime: unsetTime, EndTime: unsetTime}}, nil
}

func (g *Server) listJobs(c *call) (any, error) {
	var found []jobRow
	for _, job := range g.jobs {
		if c.owns(job.tenant) && (!c.query.Has("planName") || c.query.Get("planName") == job.PlanName) &&
			(!c.query.Has("type") || c.query.Get("type") == job.Type) {
			found = append(found, g.read(job))
		}
	}
	return page(c, "jobs", found)
}

// read returns the job as it is, and then takes it one step further.
func (g *Server) read(job *jobRow) jobRow {
	seen := *job
	switch job.Status {
	case "pending":
		g.start(job)
	case "running":
		g.finish(job)
	}
	return seen
}

// start moves the objects, as far as it goes. Without a source there is nothing
// to move, and the job has succeeded (G10); at an old server it fails.
func (g *Server) start(job *jobRow) {
	job.Status = "running"
	job.StartTime = g.now().Unix()
	source := g.bucket(job.SourceLocation)
	switch {
	case source == nil && g.old:
		g.end(job, "failed")
		return
	case source == nil:
		g.end(job, "succeed")
		return
	}
	keys := source.keys(job.prefix)
	for _, key := range keys {
		job.TotalCount++
		job.TotalCapacity += len(source.objects[key])
	}
	if !g.fails(job) {
		g.move(job, source, keys)
	}
}

// move copies what can be copied. What cannot counts as passed, and is deleted
// at the source all the same (G10).
func (g *Server) move(job *jobRow, source *bucketRow, keys []string) {
	dest := g.bucket(job.DestLocation)
	for _, key := range keys {
		content := source.objects[key]
		if dest != nil && !job.mover.Refused {
			dest.objects[key] = content
		}
		if !job.remain {
			delete(source.objects, key)
		}
		job.PassedCount++
		job.PassedCapacity += len(content)
	}
	job.Progress = 100
}

// fails: an old server notices that the destination is missing.
func (g *Server) fails(job *jobRow) bool {
	return job.mover.Fails || g.old && g.bucket(job.DestLocation) == nil && job.TotalCount > 0
}

func (g *Server) finish(job *jobRow) {
	switch {
	case g.fails(job):
		g.end(job, "failed")
	case !job.mover.Stuck:
		g.end(job, "succeed")
	}
}

func (g *Server) end(job *jobRow, status string) {
	job.Status = status
	job.EndTime = g.now().Unix()
}
