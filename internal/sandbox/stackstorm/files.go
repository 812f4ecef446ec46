package stackstorm

import (
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

const (
	// packsDir is where the packs lie on the host of a real StackStorm.
	packsDir = "/opt/stackstorm/packs/"
	// largestFile is the most that the view of a file gives back (read in the
	// code of StackStorm).
	largestFile = 500_000
	// largestBody is nginx's limit in front of StackStorm (S48).
	largestBody = 1 << 20

	entityTooLarge = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n" +
		"<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)

// pack is the directory of a pack on the disk. The paths of its files begin with
// actions/, except that of pack.yaml and its like.
type pack struct {
	shipped  map[string]string // what a download brings
	files    map[string]diskFile
	readOnly bool // for StackStorm's API
}

type diskFile struct {
	content string
	changed time.Time
	written bool // by somebody: it did not come with the pack
}

// loadFiles puts a pack on the disk. An entry point whose file is not here gets
// one that says so.
func (s *Server) loadFiles(dir fs.FS, name string, actions []*packAction) error {
	shipped := map[string]string{}
	for _, a := range actions {
		if a.EntryPoint != "" {
			shipped["actions/"+a.EntryPoint] = "# This file comes with the pack. The sandbox has code of its own in its place.\n"
		}
	}
	err := fs.WalkDir(dir, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, file)
		shipped[file] = string(text)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packs[name] == nil {
		s.packs[name] = &pack{shipped: map[string]string{}, files: map[string]diskFile{}}
	}
	maps.Copy(s.packs[name].shipped, shipped)
	for file, text := range shipped {
		s.packs[name].files[file] = diskFile{content: text, changed: s.cfg.Now()}
	}
	return nil
}

// dataFile is a file of an upload.
type dataFile struct{ path, content string }

// writeFiles writes one file after another. What was written before a refusal
// stays (S45).
func (s *Server) writeFiles(name string, files []dataFile) error {
	p := s.packs[name]
	for _, f := range files {
		file := path.Join("actions", f.path)
		if shown := joinPath("actions/", f.path); file != shown || f.path == "" {
			return valueError(fmt.Sprintf(`Invalid file path: "%s". File path needs to be relative to the pack actions directory (%s%s/actions/). For example "my_action.py".`,
				shown, packsDir, name))
		}
		switch {
		case p.readOnly:
			return valueError(fmt.Sprintf(`Unable to write data to "%s%s/%s" (permission denied). Make sure permissions for that pack directory are configured correctly so st2api can write to it.`,
				packsDir, name, file))
		case p.isDir(file):
			return unexpected
		}
		p.files[file] = diskFile{f.content, s.cfg.Now(), true}
	}
	return nil
}

// joinPath is Python's os.path.join.
func joinPath(dir, file string) string {
	if strings.HasPrefix(file, "/") {
		return file
	}
	return dir + file
}

func (p *pack) isDir(name string) bool {
	for file := range p.files {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

// viewFile gives any file of a pack.
func (s *Server) viewFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, file := r.PathValue("pack"), r.PathValue("path")
	p := s.packs[name]
	if p == nil {
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`Resource with a ref or id "%s" not found`, name))
		return
	}
	found, ok := p.files[file]
	if !ok {
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`File "%s" not found`, file))
		return
	}
	tag := fmt.Sprintf("%d.%06d", found.changed.Unix(), found.changed.Nanosecond()/1000)
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", found.changed.UTC().Format(http.TimeFormat))
	switch {
	case r.Header.Get("If-None-Match") == tag:
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusNotModified)
		return
	case len(found.content) > largestFile:
		writeFault(w, http.StatusBadRequest, fmt.Sprintf("File %s exceeds maximum allowed file size (%d bytes)", file, largestFile))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if path.Ext(file) == ".py" {
		w.Header().Set("Content-Type", "text/x-python")
	}
	writeText(w, found.content)
}

// viewEntryPoint gives the file of an action.
func (s *Server) viewEntryPoint(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find404(w, r.PathValue("action"))
	if a == nil {
		return
	}
	file, ok := s.entryPoint(a)
	if !ok {
		writeFault(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	kind := mime.TypeByExtension(path.Ext(a.EntryPoint))
	switch path.Ext(a.EntryPoint) {
	case ".yaml":
		kind = "application/x-yaml"
	case ".py":
		kind = "text/x-python"
	case ".sh":
		kind = "text/x-sh"
	}
	w.Header().Set("Content-Type", kind)
	writeText(w, file.content)
}

// entryPoint is the file of an action.
func (s *Server) entryPoint(a *packAction) (diskFile, bool) {
	p := s.packs[a.Pack]
	if p == nil {
		return diskFile{}, false
	}
	f, ok := p.files["actions/"+a.EntryPoint]
	return f, ok
}

func writeText(w http.ResponseWriter, text string) {
	if _, err := w.Write([]byte(text)); err != nil {
		return // the client has gone
	}
}

// ProtectPack says whether StackStorm's API may not write into a pack, as after
// docker cp (S49).
func (s *Server) ProtectPack(name string, on bool) error {
	return s.onPack(name, func(p *pack) { p.readOnly = on })
}

// DownloadPack replaces the files of a pack by those that it came with. The
// actions stay (S50).
func (s *Server) DownloadPack(name string) error {
	return s.onPack(name, func(p *pack) {
		p.files = map[string]diskFile{}
		for file, text := range p.shipped {
			p.files[file] = diskFile{content: text, changed: s.cfg.Now()}
		}
	})
}

// WriteFile changes a file on the host. The path begins below the pack.
func (s *Server) WriteFile(name, file, content string) error {
	return s.onPack(name, func(p *pack) { p.files[file] = diskFile{content, s.cfg.Now(), true} })
}

// RemoveFile deletes a file on the host.
func (s *Server) RemoveFile(name, file string) error {
	return s.onPack(name, func(p *pack) { delete(p.files, file) })
}

// File reads a file on the host.
func (s *Server) File(name, file string) (content string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.packs[name]; p != nil {
		found, ok := p.files[file]
		return found.content, ok
	}
	return "", false
}

func (s *Server) onPack(name string, do func(*pack)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packs[name] == nil {
		return fmt.Errorf("there is no pack %s", name)
	}
	do(s.packs[name])
	return nil
}
