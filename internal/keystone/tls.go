package keystone

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// TLSOptions say which certificates to trust and which to present. They are for
// Keystone and for the orchestrator.
type TLSOptions struct {
	CACertFile         string // PEM file of authorities to trust besides the system's
	CACertPEM          string // the same as a string
	ClientCertFile     string // PEM file of the certificate to present
	ClientKeyFile      string // PEM file of its key
	InsecureSkipVerify bool

	// Cloud is what clouds.yaml says, see Options.CloudTLS. What is given here wins.
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
	if err := o.addAuthorities(config); err != nil {
		return nil, err
	}
	if err := o.addClientCert(config); err != nil {
		return nil, err
	}
	return config, nil
}

func (o TLSOptions) addAuthorities(config *tls.Config) error {
	option, pem := "ca_cert_pem", []byte(o.CACertPEM)
	switch {
	case o.CACertFile != "" && o.CACertPEM != "":
		return problem("ca_cert_pem", "Give ca_cert_file or ca_cert_pem, not both.")
	case o.CACertFile != "":
		var err error
		option = "ca_cert_file"
		if pem, err = readPEM(option, o.CACertFile); err != nil {
			return err
		}
	case o.CACertPEM == "":
		return nil
	}
	// One of the two servers may have a private authority and the other a public
	// one, so the system's authorities stay.
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return problem(option, "This has no certificate in PEM form.")
	}
	config.RootCAs = pool
	return nil
}

func (o TLSOptions) addClientCert(config *tls.Config) error {
	switch {
	case o.ClientCertFile == "" && o.ClientKeyFile == "":
		return nil
	case o.ClientKeyFile == "":
		return problem("client_key_file", "A client certificate needs its key. Give client_key_file too.")
	case o.ClientCertFile == "":
		return problem("client_cert_file", "A client key needs its certificate. Give client_cert_file too.")
	}
	cert, err := readPEM("client_cert_file", o.ClientCertFile)
	if err != nil {
		return err
	}
	key, err := readPEM("client_key_file", o.ClientKeyFile)
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

// readPEM reads the file that an option names.
func readPEM(option, name string) ([]byte, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, problem(option, fmt.Sprintf("Cannot read %s: %s.", name, err))
	}
	return text, nil
}
