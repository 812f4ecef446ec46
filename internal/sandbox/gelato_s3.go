package sandbox

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
)

// gelatoS3Namespace has no final slash, though S3's own has one: the pack's
// get-bucket finds buckets under this name only.
const gelatoS3Namespace = "http://s3.amazonaws.com/doc/2006-03-01"

// gelatoXML is an answer of the S3 face.
type gelatoXML struct{ document any }

func (x gelatoXML) text() string {
	text, _ := xml.MarshalIndent(x.document, "", "  ") // of our own types, which all can be
	return xml.Header + string(text)
}

func (x gelatoXML) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(x.text())) // the client may have left
}

func gelatoS3Error(status int, code, message, bucket string) error {
	return &gelatoRefusal{status, gelatoXML{struct {
		XMLName    xml.Name `xml:"Error"`
		Code       string
		Message    string
		BucketName string
	}{Code: code, Message: message, BucketName: bucket}}.text()}
}

// gelatoMessage is what a success reads like; the pack prints the Msg.
type gelatoMessage struct {
	XMLName xml.Name `xml:"BaseResponse"`
	Msg     string
}

func (g *gelato) s3ListBuckets(*gelatoCall) (any, error) {
	type bucket struct {
		Name               string
		CreationDate       string
		LocationConstraint string
	}
	answer := struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns   string   `xml:"xmlns,attr"`
		Buckets []bucket
	}{Xmlns: gelatoS3Namespace}
	for _, b := range g.buckets {
		answer.Buckets = append(answer.Buckets, bucket{b.name, b.created.Format(time.RFC3339), b.backend})
	}
	return gelatoXML{answer}, nil
}

func (g *gelato) s3ListObjects(c *gelatoCall) (any, error) {
	type object struct {
		Key  string
		Size int
	}
	bucket, err := g.s3Bucket(c)
	if err != nil {
		return nil, err
	}
	answer := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Name     string
		Contents []object
	}{Xmlns: gelatoS3Namespace, Name: bucket.name}
	for _, key := range bucket.keys(c.URL.Query().Get("prefix")) {
		answer.Contents = append(answer.Contents, object{key, len(bucket.objects[key])})
	}
	return gelatoXML{answer}, nil
}

func (g *gelato) s3Bucket(c *gelatoCall) (*gelatoBucket, error) {
	name := c.PathValue("bucket")
	if bucket := g.bucket(name); bucket != nil {
		return bucket, nil
	}
	return nil, gelatoS3Error(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", name)
}

// s3PutBucket makes a bucket, or with ?load looks for what others left in it.
func (g *gelato) s3PutBucket(c *gelatoCall) (any, error) {
	if c.URL.Query().Has("load") {
		return g.s3Load(c)
	}
	name := c.PathValue("bucket")
	var request struct {
		LocationConstraint string
	}
	if err := xml.Unmarshal(c.body, &request); err != nil && len(c.body) > 0 {
		return nil, gelatoS3Error(http.StatusBadRequest, "UnmarshalFailed", "Unmarshal failed.", name)
	}
	if !g.knowsBackend(request.LocationConstraint) {
		return nil, gelatoS3Error(http.StatusInternalServerError, "GetBackendFailed", "Backend is not exist, or get it failed.", name)
	}
	if g.bucket(name) != nil {
		return nil, gelatoS3Error(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available.", name)
	}
	g.buckets = append(g.buckets, &gelatoBucket{
		name: name, backend: request.LocationConstraint, created: g.now(), objects: map[string]string{},
	})
	return gelatoXML{gelatoMessage{Msg: "Create bucket successfully."}}, nil
}

// s3Load has no cloud to look into, so it finds what an analysis would have
// left: one result below the prefix.
func (g *gelato) s3Load(c *gelatoCall) (any, error) {
	bucket, err := g.s3Bucket(c)
	if err != nil {
		return nil, err
	}
	var request struct {
		Backend string
		Prefix  string
	}
	if err := xml.Unmarshal(c.body, &request); err != nil {
		return nil, gelatoS3Error(http.StatusBadRequest, "UnmarshalFailed", "Unmarshal failed.", bucket.name)
	}
	if !g.knowsBackend(request.Backend) {
		return nil, gelatoS3Error(http.StatusInternalServerError, "GetBackendFailed", "Backend is not exist, or get it failed.", bucket.name)
	}
	key := strings.TrimPrefix(request.Prefix, bucket.name+"/") + "part-r-00000"
	bucket.objects[key] = "what the analysis found\n"
	return gelatoXML{gelatoMessage{Msg: "Load objects successfully."}}, nil
}

func (g *gelato) knowsBackend(name string) bool {
	return slices.ContainsFunc(g.backends, func(b gelatoBackend) bool { return b.Name == name })
}
