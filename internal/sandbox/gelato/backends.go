package gelato

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

type backendRow struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenantId"`
	UserID     string `json:"userId"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Region     string `json:"region"`
	Endpoint   string `json:"endpoint"`
	BucketName string `json:"bucketName"`
	Access     string `json:"access,omitempty"`
	Security   string `json:"security,omitempty"`
}

// shown is the row without its keys, which only writes tell (G6).
func (b *backendRow) shown() backendRow {
	shown := *b
	shown.Access, shown.Security = "", ""
	return shown
}

type backendType struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

var backendTypes = []backendType{
	{"aws-s3", "AWS Simple Cloud Storage Service(S3)"}, {"hw-obs", "Huawei Object Storage Service(OBS)"},
	{"azure-blob", "Azure Blob Storage"}, {"ceph-s3", "Ceph Object Storage"}, {"gcp-s3", "GCP Storage"},
	{"fusionstorage-object", "Huawei Fusionstorage Object Storage"}, {"ibm-cos", "IBM Cloud Object Storage"},
	{"yig", "YIG Storage"}, {"alibaba-oss", "Alibaba Object Storage Service(OSS)"}, {"aws-file", "AWS File Service"},
	{"azure-file", "Azure File Service"}, {"gcp-file", "GCP File Service"}, {"aws-block", "AWS Block Service"},
	{"hw-file", "Huawei File Service"}, {"hw-block", "HPC Block Service"}, {"sony-oda", "Sony-ODA Object Storage"},
}

func isBackendType(name string) bool {
	return slices.ContainsFunc(backendTypes, func(t backendType) bool { return t.Name == name })
}

func (g *Server) listTypes(c *call) (any, error) { return page(c, "types", backendTypes) }

// listBackends obeys these filters and no others.
func (g *Server) listBackends(c *call) (any, error) {
	if tier := c.query.Get("tier"); tier != "" && strings.Trim(tier, "0123456789") != "" {
		return nil, refused(http.StatusBadRequest, "invalid service plan")
	}
	wanted := func(key, value string) bool { return !c.query.Has(key) || c.query.Get(key) == value }
	var found []backendRow
	for _, b := range g.backends {
		if c.owns(b.TenantID) && wanted("name", b.Name) && wanted("type", b.Type) && wanted("region", b.Region) {
			found = append(found, b.shown())
		}
	}
	if c.query.Has("tier") { // whose backends the sandbox does not know apart, and which knows no pages
		return map[string]any{"backends": found}, nil
	}
	return page(c, "backends", found)
}

// createBackend tries the keys at the endpoint. The sandbox has no network: an
// endpoint at port 1 does not answer, and every other does.
func (g *Server) createBackend(c *call) (any, error) {
	var b backendRow
	if err := json.NewDecoder(bytes.NewReader(c.body)).Decode(&b); err != nil {
		return nil, refused(http.StatusInternalServerError, "%v", err)
	}
	switch {
	case !isBackendType(b.Type) || b.Name == "" || b.Region == "" || b.Endpoint == "" || b.BucketName == "" || b.Access == "" || b.Security == "":
		return nil, refused(http.StatusBadRequest, "")
	case strings.HasSuffix(b.Endpoint, ":1"):
		return nil, refused(http.StatusBadRequest, "Failed to register backend due to invalid credentials.")
	}
	b.ID, b.TenantID, b.UserID = g.newID(), c.Tenant, c.User
	g.backends = append(g.backends, &b)
	return b, nil
}

func (g *Server) backend(c *call) (*backendRow, error) {
	if !objectID.MatchString(c.id) {
		return nil, refused(http.StatusNotFound, "Invalid backend id: %s", c.id)
	}
	for _, b := range g.backends {
		if strings.EqualFold(b.ID, c.id) && c.owns(b.TenantID) {
			return b, nil
		}
	}
	return nil, serviceError("mongo: no documents in result")
}

func (g *Server) getBackend(c *call) (any, error) {
	b, err := g.backend(c)
	if err != nil {
		return nil, err
	}
	return b.shown(), nil
}

// updateBackend changes nothing but the keys.
func (g *Server) updateBackend(c *call) (any, error) {
	var change backendRow
	if err := json.NewDecoder(bytes.NewReader(c.body)).Decode(&change); err != nil {
		return nil, refused(http.StatusInternalServerError, "%v", err)
	}
	b, err := g.backend(c)
	if err != nil {
		return nil, err
	}
	b.Access, b.Security = change.Access, change.Security
	return b, nil
}

func (g *Server) deleteBackend(c *call) (any, error) {
	b, err := g.backend(c)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(g.buckets, func(bucket *bucketRow) bool { return bucket.backend == b.Name }) {
		text, _ := json.Marshal(map[string]string{"code": "500", "message": "The backend can not be deleted. please delete bucket first"})
		return nil, refused(http.StatusInternalServerError, "%s", text)
	}
	g.backends = slices.DeleteFunc(g.backends, func(other *backendRow) bool { return other == b })
	return struct{}{}, nil
}
