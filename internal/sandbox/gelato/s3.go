package gelato

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
)

// s3Namespace has no final slash, unlike that of the real S3. The pack's action
// get-bucket finds buckets only under this name.
const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01"

// xmlAnswer is an answer of the S3 API.
type xmlAnswer struct{ document any }

func (x xmlAnswer) text() string {
	text, _ := xml.MarshalIndent(x.document, "", "  ") // our own types can always be encoded
	return xml.Header + string(text)
}

func (x xmlAnswer) write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(x.text())) // the client may have gone
}

func s3Error(status int, code, message, bucket string) error {
	return &apiError{status, xmlAnswer{struct {
		XMLName    xml.Name `xml:"Error"`
		Code       string
		Message    string
		BucketName string
	}{Code: code, Message: message, BucketName: bucket}}.text()}
}

// s3Message is the answer of a success. The pack prints its Msg.
type s3Message struct {
	XMLName xml.Name `xml:"BaseResponse"`
	Msg     string
}

func (g *Server) s3ListBuckets(*call) (any, error) {
	type bucket struct {
		Name               string
		CreationDate       string
		LocationConstraint string
	}
	answer := struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns   string   `xml:"xmlns,attr"`
		Buckets []bucket
	}{Xmlns: s3Namespace}
	for _, b := range g.buckets {
		answer.Buckets = append(answer.Buckets, bucket{b.name, b.created.Format(time.RFC3339), b.backend})
	}
	return xmlAnswer{answer}, nil
}

func (g *Server) s3ListObjects(c *call) (any, error) {
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
	}{Xmlns: s3Namespace, Name: bucket.name}
	for _, key := range bucket.keys(c.query.Get("prefix")) {
		answer.Contents = append(answer.Contents, object{key, len(bucket.objects[key])})
	}
	return xmlAnswer{answer}, nil
}

func (g *Server) s3Bucket(c *call) (*bucketRow, error) {
	name := c.bucket
	if bucket := g.bucket(name); bucket != nil {
		return bucket, nil
	}
	return nil, s3Error(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", name)
}

// s3PutBucket makes a bucket. With ?load it looks for objects that others put
// into one.
func (g *Server) s3PutBucket(c *call) (any, error) {
	if c.query.Has("load") {
		return g.s3Load(c)
	}
	name := c.bucket
	var request struct {
		LocationConstraint string
	}
	if err := xml.Unmarshal(c.body, &request); err != nil && len(c.body) > 0 {
		return nil, s3Error(http.StatusBadRequest, "UnmarshalFailed", "Unmarshal failed.", name)
	}
	if !g.knowsBackend(request.LocationConstraint) {
		return nil, s3Error(http.StatusInternalServerError, "GetBackendFailed", "Backend is not exist, or get it failed.", name)
	}
	if g.bucket(name) != nil {
		return nil, s3Error(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available.", name)
	}
	g.buckets = append(g.buckets, &bucketRow{
		name: name, backend: request.LocationConstraint, created: g.now(), objects: map[string]string{},
	})
	return xmlAnswer{s3Message{Msg: "Create bucket successfully."}}, nil
}

// s3Load adds the object that an analysis would have left below the prefix,
// since there is no cloud to look into.
func (g *Server) s3Load(c *call) (any, error) {
	bucket, err := g.s3Bucket(c)
	if err != nil {
		return nil, err
	}
	var request struct {
		Backend string
		Prefix  string
	}
	if err := xml.Unmarshal(c.body, &request); err != nil {
		return nil, s3Error(http.StatusBadRequest, "UnmarshalFailed", "Unmarshal failed.", bucket.name)
	}
	if !g.knowsBackend(request.Backend) {
		return nil, s3Error(http.StatusInternalServerError, "GetBackendFailed", "Backend is not exist, or get it failed.", bucket.name)
	}
	key := strings.TrimPrefix(request.Prefix, bucket.name+"/") + "part-r-00000"
	bucket.objects[key] = "what the analysis found\n"
	return xmlAnswer{s3Message{Msg: "Load objects successfully."}}, nil
}

func (g *Server) knowsBackend(name string) bool {
	return slices.ContainsFunc(g.backends, func(b *backendRow) bool { return b.Name == name })
}
