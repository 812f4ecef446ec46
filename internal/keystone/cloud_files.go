package keystone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkCloudFiles refuses files that gophercloud would read without a limit. It
// opens the first clouds.yaml that is there, secure.yaml beside it, the first
// clouds-public.yaml, and the certificates that these or the environment name.
func checkCloudFiles(location string) error {
	cloudsYAML := firstThere(searched("clouds.yaml"))
	if location != "" {
		cloudsYAML = location
	}
	certificates := []string{os.Getenv("OS_CACERT"), os.Getenv("OS_CERT"), os.Getenv("OS_KEY")}
	for _, file := range []string{cloudsYAML, filepath.Join(filepath.Dir(cloudsYAML), "secure.yaml"), firstThere(searched("clouds-public.yaml"))} {
		text, err := readIfThere(file)
		if err != nil {
			return err
		}
		certificates = append(certificates, certificatesOf(text)...)
	}
	for _, file := range certificates {
		if _, err := readIfThere(file); err != nil {
			return err
		}
	}
	return nil
}

// searched are the places where a file of clouds may be, as the openstack client
// has them.
func searched(name string) []string {
	own := os.Getenv("XDG_CONFIG_HOME")
	if home, err := os.UserHomeDir(); own == "" && err == nil {
		own = filepath.Join(home, ".config")
	}
	return []string{name, filepath.Join(own, "openstack", name), filepath.Join("/etc/openstack", name)}
}

// firstThere is the first file that can be opened; empty if none can.
func firstThere(files []string) string {
	for _, file := range files {
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return ""
}

// readIfThere leaves it to gophercloud to report a file that is not there.
func readIfThere(file string) ([]byte, error) {
	if after, ok := strings.CutPrefix(file, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(home, after)
	}
	text, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	return text, nil
}

// certificatesOf lists the files of certificates and keys that a file of clouds
// names. Gophercloud reports what is not YAML.
func certificatesOf(text []byte) []string {
	type cloud struct{ CACert, Cert, Key string }
	var file struct {
		Clouds map[string]cloud `yaml:"clouds"`
		Public map[string]cloud `yaml:"public-clouds"`
	}
	_ = yaml.Unmarshal(text, &file)
	var files []string
	for _, clouds := range []map[string]cloud{file.Clouds, file.Public} {
		for _, c := range clouds {
			files = append(files, c.CACert, c.Cert, c.Key)
		}
	}
	return files
}
