package keystone

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// TLSOptions say whom to trust and how to show who we are, to Keystone and to
// the orchestrator alike.
type TLSOptions struct {
	CACertFile         string // PEM file of certificates to trust besides the system's
	CACertPEM          string // the same as text
	ClientCertFile     string // PEM file of the certificate to show
	ClientKeyFile      string // PEM file of its key
	InsecureSkipVerify bool

	// Cloud is what clouds.yaml says (Options.CloudTLS); what is given here wins.
	Cloud *tls.Config
}

// TLSConfig reads the files. The error is a Problem that names the option.
func TLSConfig(o TLSOptions) (*tls.Config, error) {
	config := &tls.Config{}
	if o.Cloud != nil {
		config = o.Cloud.Clone()
	}
	if o.InsecureSkipVerify {
		config.InsecureSkipVerify = true
	}
	if err := o.trust(config); err != nil {
		return nil, err
	}
	if err := o.show(config); err != nil {
		return nil, err
	}
	return config, nil
}

func (o TLSOptions) trust(config *tls.Config) error {
	option, pem := "ca_cert_pem", []byte(o.CACertPEM)
	switch {
	case o.CACertFile != "" && o.CACertPEM != "":
		return problem("ca_cert_pem", "Give ca_cert_file or ca_cert_pem, not both.")
	case o.CACertFile != "":
		var err error
		option = "ca_cert_file"
		if pem, err = readFile(option, o.CACertFile); err != nil {
			return err
		}
	case o.CACertPEM == "":
		return nil
	}
	// A private authority for one of the two servers must not take away the
	// public ones from the other.
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return problem(option, "This holds no certificate in PEM form.")
	}
	config.RootCAs = pool
	return nil
}

func (o TLSOptions) show(config *tls.Config) error {
	switch {
	case o.ClientCertFile == "" && o.ClientKeyFile == "":
		return nil
	case o.ClientKeyFile == "":
		return problem("client_key_file", "A client certificate needs its key: give client_key_file too.")
	case o.ClientCertFile == "":
		return problem("client_cert_file", "A client key needs its certificate: give client_cert_file too.")
	}
	cert, err := readFile("client_cert_file", o.ClientCertFile)
	if err != nil {
		return err
	}
	key, err := readFile("client_key_file", o.ClientKeyFile)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return problem("client_cert_file", fmt.Sprintf("The certificate and the key in client_key_file cannot be used: %s.", oneLine(err.Error())))
	}
	config.Certificates = []tls.Certificate{pair}
	return nil
}

func readFile(option, name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, problem(option, fmt.Sprintf("Cannot read %s: %s.", name, cause.Err))
	}
	return text, err
}
