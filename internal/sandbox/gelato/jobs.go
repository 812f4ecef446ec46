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
	prefix string // moves only objects that begin with it
	remain bool   // keeps the objects at the source
}

// getJob shows neither the start time nor the real description. The list shows
// both.
func (g *Server) getJob(c *call) (any, error) {
	id := c.PathValue("id")
	for _, job := range g.jobs {
		if job.ID == id && c.owns(job.tenant) {
			seen := g.read(job)
			seen.StartTime = 0
			seen.Description = "for test"
			return map[string]any{"job": seen}, nil
		}
	}
	return nil, &apiError{http.StatusNotFound, "Job Id-" + id + " does not exist in system"}
}

func (g *Server) listJobs(c *call) (any, error) {
	query := c.URL.Query()
	var found []jobRow
	for _, job := range g.jobs {
		if c.owns(job.tenant) && (!query.Has("planName") || query.Get("planName") == job.PlanName) &&
			(!query.Has("type") || query.Get("type") == job.Type) {
			found = append(found, g.read(job))
		}
	}
	return struct {
		Jobs []jobRow `json:"jobs,omitempty"`
		Next int      `json:"next,omitempty"`
	}{found, len(found)}, nil
}

// read returns the job as it is, and then takes it one step further.
func (g *Server) read(job *jobRow) jobRow {
	seen := *job
	switch job.Status {
	case "pending":
		g.start(job)
	case "running":
		g.move(job)
	}
	return seen
}

// start counts the objects to move. It fails if there is no source bucket to
// list.
func (g *Server) start(job *jobRow) {
	job.Status = "running"
	job.StartTime = g.now().Unix()
	source := g.bucket(job.SourceLocation)
	if source == nil {
		g.end(job, "failed")
		return
	}
	for _, key := range source.keys(job.prefix) {
		job.TotalCount++
		job.TotalCapacity += len(source.objects[key])
	}
}

// move fails if there is no destination bucket, unless there is nothing to
// move.
func (g *Server) move(job *jobRow) {
	source, dest := g.bucket(job.SourceLocation), g.bucket(job.DestLocation)
	keys := source.keys(job.prefix)
	if dest == nil && len(keys) > 0 {
		g.end(job, "failed")
		return
	}
	for _, key := range keys {
		content := source.objects[key]
		dest.objects[key] = content
		if !job.remain {
			delete(source.objects, key)
		}
		job.PassedCount++
		job.PassedCapacity += len(content)
	}
	job.Progress = 100
	g.end(job, "succeed")
}

func (g *Server) end(job *jobRow, status string) {
	job.Status = status
	job.EndTime = g.now().Unix()
}
