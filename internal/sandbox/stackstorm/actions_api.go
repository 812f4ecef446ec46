package stackstorm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// unexpected is what StackStorm answers without a reason.
var unexpected = refusal{http.StatusInternalServerError, "Internal Server Error"}

// uploadRoutes are those for actions and their files.
func (s *Server) uploadRoutes(api func(string, http.HandlerFunc)) {
	api("POST /api/v1/actions", s.createAction)
	api("PUT /api/v1/actions/{action}", s.changeAction)
	api("DELETE /api/v1/actions/{action}", s.deleteAction)
	api("GET /api/v1/actions/views/entry_point/{action}", s.viewEntryPoint)
	api("GET /api/v1/actions/views/parameters/{action}", s.viewParameters)
	api("GET /api/v1/actions/views/overview/{action}", s.viewOverview)
	api("GET /api/v1/packs/views/file/{pack}/{path...}", s.viewFile)
	api("POST /api/v1/packs/register", s.registerPacks)
}

// uploadCall is the kind of a call that these routes answer, "" for another.
func uploadCall(method, path string) string {
	isAction := path == "api/v1/actions" || strings.HasPrefix(path, "api/v1/actions/")
	switch {
	case strings.HasPrefix(path, "api/v1/packs/views/file/"):
		return callFile
	case isAction && (method == http.MethodPost || method == http.MethodPut):
		return callUpload
	case isAction && method == http.MethodDelete:
		return callDelete
	}
	return ""
}

// upload is what an action made by the API has besides those of a metadata file.
type upload struct {
	description  json.RawMessage // nil if it was never given
	notify       json.RawMessage
	outputSchema json.RawMessage
	files        []dataFile
}

// show changes what an answer tells of an action.
func (u *upload) show(a *packAction, out map[string]any) {
	out["tags"] = append([]packTag{}, a.Tags...)
	out["notify"], out["output_schema"] = u.notify, u.outputSchema
	if u.description == nil {
		delete(out, "description")
	}
}

// fillOutputSchema adds what version 3.8.1 takes for granted (S43).
func (u *upload) fillOutputSchema(newer bool) {
	if !newer {
		return
	}
	filled := map[string]any{
		"additionalItems": object{}, "items": object{}, "uniqueItems": false, "required": false, "secret": false, "additionalProperties": object{},
		"definitions": object{}, "properties": object{}, "patternProperties": object{}, "immutable": false,
	}
	if err := json.Unmarshal(u.outputSchema, &filled); err != nil {
		return // it has been checked
	}
	if raw, err := json.Marshal(filled); err == nil {
		u.outputSchema = raw
	}
}

// createAction makes an action. It writes the files before it finds out that the
// name is taken (S45).
func (s *Server) createAction(w http.ResponseWriter, r *http.Request) {
	a, ok := s.readUpload(w, r, "default")
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitUpload(w, a) {
		return
	}
	a.upload.fillOutputSchema(s.newer)
	if taken := s.action(a.ref()); taken != nil {
		writeJSON(w, http.StatusConflict, map[string]string{"conflict-id": taken.ID, "faultstring": "Tried to save duplicate unique keys " +
			"(E11000 duplicate key error collection: st2.action_d_b, full error: {'index': 0, 'code': 11000, 'errmsg': 'E11000 duplicate key error collection: st2.action_d_b'})"})
		return
	}
	s.insert(a)
	writeJSON(w, http.StatusCreated, a.asJSON())
}

// changeAction replaces all of an action but a description that is left out
// (S44). It may even get another name.
func (s *Server) changeAction(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	before := s.action(r.PathValue("action"))
	s.mu.Unlock()
	if before == nil {
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`Resource with a reference or id "%s" not found`, r.PathValue("action")))
		return
	}
	a, ok := s.readUpload(w, r, before.Pack)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitUpload(w, a) {
		return
	}
	a.upload.fillOutputSchema(s.newer)
	if taken := s.action(a.ref()); taken != nil && taken.ID != before.ID {
		refuse(w, unexpected)
		return
	}
	s.actions = slices.DeleteFunc(s.actions, func(x *packAction) bool { return x.ID == before.ID })
	s.insert(a)
	a.ID = before.ID
	writeJSON(w, http.StatusOK, a.asJSON())
	if a.upload.description == nil { // the answer does not tell that it is kept
		a.Description, a.upload.description = before.Description, json.RawMessage("0")
	}
}

// deleteAction removes an action. Version 3.2.0 ignores remove_files (S46).
func (s *Server) deleteAction(w http.ResponseWriter, r *http.Request) {
	var options struct {
		RemoveFiles bool `json:"remove_files"`
	}
	if err := json.NewDecoder(r.Body).Decode(&options); err != nil && !errors.Is(err, io.EOF) {
		writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find404(w, r.PathValue("action"))
	switch {
	case a == nil:
		return
	case isSystemPack(a.Pack):
		writeFault(w, http.StatusBadRequest, systemPack)
		return
	}
	s.actions = slices.DeleteFunc(s.actions, func(x *packAction) bool { return x == a })
	if p := s.packs[a.Pack]; p != nil && s.newer && options.RemoveFiles {
		delete(p.files, "actions/"+a.EntryPoint)
		delete(p.files, a.File)
	}
	w.WriteHeader(http.StatusNoContent)
}

// find404 finds an action, or answers that there is none.
func (s *Server) find404(w http.ResponseWriter, name string) *packAction {
	a := s.action(name)
	if a == nil {
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`Resource with a reference or id "%s" not found`, name))
	}
	return a
}

// readUpload reads and checks the body of a POST or PUT, or answers why not.
func (s *Server) readUpload(w http.ResponseWriter, r *http.Request, pack string) (*packAction, bool) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false
	}
	if len(text) > largestBody {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		writeText(w, entityTooLarge)
		return nil, false
	}
	v, err := decodeAny(text)
	if err != nil {
		words := "Expecting property name enclosed in double quotes"
		if !s.newer {
			words += " or '}'"
		}
		writeFault(w, http.StatusBadRequest, "Failed to parse request body: "+words+": line 1 column 2 (char 1)")
		return nil, false
	}
	if err := checkUpload(v); err != nil {
		refuse(w, err)
		return nil, false
	}
	a, err := newUploaded(text, pack)
	if err != nil {
		refuse(w, err)
		return nil, false
	}
	return a, true
}

// newUploaded makes an action of a body that has been checked.
func newUploaded(text []byte, pack string) (*packAction, error) {
	var body struct {
		Name         string
		Pack         *string
		RunnerType   string          `json:"runner_type"`
		EntryPoint   string          `json:"entry_point"`
		MetadataFile string          `json:"metadata_file"`
		Description  json.RawMessage `json:"description"`
		Enabled      *bool
		Parameters   json.RawMessage
		Tags         []packTag
		Notify       json.RawMessage
		OutputSchema json.RawMessage `json:"output_schema"`
		DataFiles    []struct {
			Path    string `json:"file_path"`
			Content string
		} `json:"data_files"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	a := &packAction{
		Pack: pack, Name: body.Name, RunnerType: body.RunnerType, EntryPoint: body.EntryPoint,
		Enabled: body.Enabled == nil || *body.Enabled, Tags: body.Tags, File: body.MetadataFile,
		upload: &upload{description: body.Description, notify: orObject(body.Notify), outputSchema: orObject(body.OutputSchema)},
	}
	if body.Pack != nil {
		a.Pack = *body.Pack
	}
	if body.Description != nil {
		if err := json.Unmarshal(body.Description, &a.Description); err != nil {
			return nil, err
		}
	}
	for _, f := range body.DataFiles {
		a.upload.files = append(a.upload.files, dataFile{f.Path, f.Content})
	}
	var err error
	a.Parameters, err = uploadedParameters(body.Parameters)
	return a, err
}

func orObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return json.RawMessage("{}")
	}
	return raw
}

// uploadedParameters keeps the order of the body.
func uploadedParameters(raw json.RawMessage) (packParameters, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	ordered, err := decodeParams(raw)
	if err != nil {
		return nil, err
	}
	var ps packParameters
	for _, name := range ordered.names {
		schema, _ := ordered.values[name].(map[string]any)
		ps = append(ps, packParameter{Name: name, Schema: schema})
	}
	return ps, nil
}

// viewParameters gives the parameters of an action and its runner. Version 3.2.0
// wants the id.
func (s *Server) viewParameters(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("action")
	a := s.find404(w, name)
	switch {
	case a == nil:
		return
	case a.ID != name && !s.newer:
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`Database lookup for id="%s" resulted in exception. %s is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string`, name, pyQuote(name)))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"parameters": s.describedParameters(a)})
}

func (s *Server) viewOverview(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.find404(w, r.PathValue("action")); a != nil {
		out := a.asJSON()
		out["parameters"] = s.describedParameters(a)
		writeJSON(w, http.StatusOK, out)
	}
}

// describedParameters are those of the runner and of the action, whose
// attributes win one by one.
func (s *Server) describedParameters(a *packAction) map[string]any {
	all := map[string]any{}
	ofRunner, _ := s.runnerView(a.RunnerType)["runner_parameters"].(map[string]any)
	maps.Copy(all, ofRunner)
	for _, p := range a.Parameters {
		merged := map[string]any{}
		if before, ok := all[p.Name].(map[string]any); ok {
			maps.Copy(merged, before)
		}
		maps.Copy(merged, p.Schema)
		all[p.Name] = merged
	}
	return all
}

// selected are the actions of a list that have the tag that is asked for, with
// the attributes that are asked for.
func selected(r *http.Request, list []map[string]any) []map[string]any {
	tag, include := r.URL.Query().Get("tags"), r.URL.Query().Get("include_attributes")
	kept := []map[string]any{}
	for _, a := range list {
		tags, _ := a["tags"].([]packTag)
		if tag != "" && !slices.ContainsFunc(tags, func(t packTag) bool { return t.Name == tag }) {
			continue
		}
		if include != "" {
			part := map[string]any{"id": a["id"]}
			for _, name := range strings.Split(include, ",") {
				part[name] = a[name]
			}
			a = part
		}
		kept = append(kept, a)
	}
	return kept
}
