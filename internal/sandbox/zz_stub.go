package sandbox

import (
	"net/http"
	"time"
)

type gelato struct {
	http.Handler
	now func() time.Time
}

func newGelato(check tokenCheck) *gelato { return &gelato{Handler: http.NotFoundHandler()} }
