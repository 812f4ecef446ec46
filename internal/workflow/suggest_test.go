package workflow

import "testing"

func TestSuggest(t *testing.T) {
	among := []string{"srcBucketName", "size", "opensds.provision-volume", "opensds.migration-bucket", "host_id", "ab", "name"}
	for word, want := range map[string]string{
		"src_bucket_name":          "srcBucketName",
		"SIZE":                     "size",
		"sise":                     "size",
		"isze":                     "size", // swapped
		"siz":                      "size",
		"sizes":                    "size",
		"provision-volume":         "opensds.provision-volume",
		"provision_volume":         "opensds.provision-volume",
		"opensds.provison-volumes": "opensds.provision-volume",
		"opensds_migration_bucket": "opensds.migration-bucket",
		"hostid":                   "host_id",
		"host-ip":                  "host_id",
		"ac":                       "", // of two letters a slip is too many
		"sxxe":                     "", // two slips in four letters
		"hxxxid":                   "", // three in six
		"colour":                   "",
		"":                         "",
		"--":                       "",
	} {
		if got := Suggest(word, among); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := Suggest("mame", []string{"same", "fame", "name"}); got != "fame" {
		t.Errorf("of equals the first by alphabet is wanted, got %q", got)
	}
	if got := Suggest("x-1", []string{"a.x1", "x1"}); got != "x1" {
		t.Errorf("the whole name comes before one with a pack, got %q", got)
	}
	if got := Suggest("", []string{"-"}); got != "" {
		t.Errorf("nothing was meant to be nothing, got %q", got)
	}
	if got := Suggest("x", nil); got != "" {
		t.Errorf("got %q", got)
	}
}
