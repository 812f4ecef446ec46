package gelato

import (
	"encoding/xml"
	"net/http"
	"reflect"
	"testing"
)

const xmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

func TestS3ListsBucketsAsThePackReadsThem(t *testing.T) {
	c := newOldClient(t)
	status, text := c.call(http.MethodGet, "/v1/s3/", "")
	var answer struct {
		XMLName xml.Name
		Buckets []struct{ Name, CreationDate, LocationConstraint string }
	}
	if err := xml.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if answer.XMLName.Local != "ListAllMyBucketsResult" || answer.XMLName.Space != "http://s3.amazonaws.com/doc/2006-03-01" {
		t.Errorf("root element %v", answer.XMLName)
	}
	var names []string
	for _, b := range answer.Buckets {
		names = append(names, b.Name+"@"+b.LocationConstraint)
		if b.CreationDate == "" {
			t.Errorf("%s was never created", b.Name)
		}
	}
	if want := []string{"archive-bucket@backend-src", "destination-bucket@backend-dst", "source-bucket@backend-src"}; !reflect.DeepEqual(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

func TestS3CreatesBuckets(t *testing.T) {
	c := newOldClient(t)
	conf := func(backend string) string {
		return "<?xml version='1.0' encoding='utf-8'?><CreateBucketConfiguration><LocationConstraint>" + backend +
			"</LocationConstraint></CreateBucketConfiguration>"
	}
	want := func(status int, text, body string) {
		t.Helper()
		if got, answer := c.call(http.MethodPut, "/v1/s3/new-bucket", body); got != status || answer != xmlHead+text {
			t.Errorf("%d %s, want %d %s", got, answer, status, text)
		}
	}
	fault := func(code, message string) string {
		return "<Error>\n  <Code>" + code + "</Code>\n  <Message>" + message + "</Message>\n  <BucketName>new-bucket</BucketName>\n</Error>"
	}
	want(500, fault("GetBackendFailed", "Backend is not exist, or get it failed."), conf("nope"))
	want(500, fault("GetBackendFailed", "Backend is not exist, or get it failed."), "")
	want(400, fault("UnmarshalFailed", "Unmarshal failed."), "<Create")
	want(200, "<BaseResponse>\n  <Msg>Create bucket successfully.</Msg>\n</BaseResponse>", conf("backend-dst"))
	want(409, fault("BucketAlreadyExists", "The requested bucket name is not available."), conf("backend-dst"))

	c.statuses(c.run(c.plan("into", "archive-bucket", "new-bucket", true)))
	if got := c.s3Objects("new-bucket"); !reflect.DeepEqual(got, []string{"2018.tar", "2019.tar"}) {
		t.Errorf("moved into the new bucket: %v", got)
	}
}

func TestS3LoadsResults(t *testing.T) {
	c := newOldClient(t)
	const request = `<LoadObjectsReq><Backend>backend-dst</Backend><Prefix>destination-bucket/output/</Prefix></LoadObjectsReq>`
	status, text := c.call(http.MethodPut, "/v1/s3/destination-bucket/?load", request)
	if status != 200 || text != xmlHead+"<BaseResponse>\n  <Msg>Load objects successfully.</Msg>\n</BaseResponse>" {
		t.Errorf("%d %s", status, text)
	}
	if got := c.s3Objects("destination-bucket"); !reflect.DeepEqual(got, []string{"output/part-r-00000"}) {
		t.Errorf("loaded: %v", got)
	}
	for path, want := range map[string]int{
		"/v1/s3/nowhere/?load":            404,
		"/v1/s3/destination-bucket/?load": 500,
	} {
		if status, text := c.call(http.MethodPut, path, "<LoadObjectsReq><Backend>nope</Backend></LoadObjectsReq>"); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, text, want)
		}
	}
	if status, _ := c.call(http.MethodGet, "/v1/s3/nowhere", ""); status != 404 {
		t.Errorf("objects of no bucket: %d", status)
	}
}
