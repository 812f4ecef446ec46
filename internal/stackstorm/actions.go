package stackstorm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

const (
	// MaxUpload is the most bytes that one upload may have. StackStorm's own
	// nginx took 900 kB and refused 1100 kB (S48); its default is 1 MiB.
	MaxUpload = 1 << 20
	// MaxFile is the most bytes of a file that StackStorm gives back. Larger
	// ones it takes all the same (read in its code).
	MaxFile = 500_000

	missingRoute = "The resource could not be found."
)

// Action is a workflow, or another action, of a pack.
type Action struct {
	ID          string          `json:"-"` // StackStorm's
	Name        string          `json:"name"`
	Pack        string          `json:"pack"`
	RunnerType  string          `json:"runner_type"`
	EntryPoint  string          `json:"entry_point"`
	Description string          `json:"description"`
	Enabled     bool            `json:"enabled"`
	Parameters  json.RawMessage `json:"parameters"` // an object
	Tags        []Tag           `json:"tags"`

	// Notify and OutputSchema are kept for who gives them back: UpdateAction
	// resets what it is not given (S44).
	Notify       json.RawMessage `json:"notify,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
}

// Ref is what executions and services know the action by.
func (a Action) Ref() string { return a.Pack + "." + a.Name }

// Tag is one of an action's tags.
type Tag struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DataFile is a file to be written with an action.
type DataFile struct {
	Path    string `json:"file_path"` // below the pack's actions/
	Content string `json:"content"`
}

// upload is the body of a POST or PUT.
type upload struct {
	Action
	DataFiles []DataFile `json:"data_files,omitempty"`
}

func newUpload(a Action, files []DataFile) upload {
	if len(a.Parameters) == 0 {
		a.Parameters = json.RawMessage("{}")
	}
	if a.Tags == nil {
		a.Tags = []Tag{}
	}
	return upload{Action: a, DataFiles: files}
}

// UploadSize is how many bytes CreateAction or UpdateAction would send.
func UploadSize(a Action, files []DataFile) int {
	raw, err := encode(newUpload(a, files))
	if err != nil {
		return 0 // such parameters are refused before anything is sent
	}
	return len(raw)
}

// encode leaves < and > as they are: escaped, a workflow would be far larger.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads the id too, which is never sent.
func (a *Action) UnmarshalJSON(raw []byte) error {
	type plain Action
	told := struct {
		*plain
		ID string `json:"id"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(raw, &told); err != nil {
		return err
	}
	a.ID = told.ID
	return nil
}

// GetAction reads an action by its reference. Without one, the error is
// ErrNotFound. It tells nothing of the action's files: see File (S43).
func (c *Client) GetAction(ctx context.Context, ref string) (*Action, error) {
	var a Action
	err := c.do(ctx, request{method: http.MethodGet, path: []string{"actions", ref}, repeatable: true}, &a)
	if err != nil {
		return nil, missing(err)
	}
	return &a, nil
}

// CreateAction makes an action and writes files. It overwrites files that are
// there, also when it is refused because the name is taken (S45). Without files
// it overwrites nothing. It is never repeated.
func (c *Client) CreateAction(ctx context.Context, a Action, files []DataFile) (*Action, error) {
	var made Action
	if err := c.do(ctx, request{method: http.MethodPost, path: []string{"actions"}, body: newUpload(a, files)}, &made); err != nil {
		return nil, err
	}
	return &made, nil
}

// UpdateAction replaces everything of an action, and writes files. Files that
// are not named stay (S44).
func (c *Client) UpdateAction(ctx context.Context, ref string, a Action, files []DataFile) (*Action, error) {
	var changed Action
	r := request{method: http.MethodPut, path: []string{"actions", ref}, body: newUpload(a, files), repeatable: true}
	if err := c.do(ctx, r, &changed); err != nil {
		return nil, missing(err)
	}
	return &changed, nil
}

// DeleteAction removes an action. withFiles asks for its entry point and its
// metadata file to be removed too, which StackStorm 3.2 ignores (S46). That there
// is no such action is ErrNotFound.
func (c *Client) DeleteAction(ctx context.Context, ref string, withFiles bool) error {
	r := request{method: http.MethodDelete, path: []string{"actions", ref}, repeatable: true}
	if withFiles {
		r.body = map[string]bool{"remove_files": true}
	}
	return missing(c.do(ctx, r, nil))
}

// File reads a file below a pack's actions/, as it is now (S43). Without one,
// the error is ErrNotFound.
func (c *Client) File(ctx context.Context, pack, path string) (string, error) {
	elements := append([]string{"packs", "views", "file", pack, "actions"}, strings.Split(path, "/")...)
	a, err := c.call(ctx, request{method: http.MethodGet, path: elements, repeatable: true}, nil)
	if err != nil {
		return "", missing(err)
	}
	return string(a.body), nil
}

// missing takes a route that is not there for what it is. It must not look like
// a name that is free.
func missing(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == KindNotFound && e.Message == missingRoute {
		e.Kind, e.Option = KindNotStackStorm, "url"
	}
	return err
}

// uploadKind tells the refusals of an upload apart, or gives "".
func uploadKind(a answer, words string) Kind {
	switch {
	case a.status == http.StatusConflict:
		return KindExists
	case a.status == http.StatusBadRequest && strings.HasPrefix(words, "Unable to write data to "):
		return KindNotWritable
	}
	return ""
}
