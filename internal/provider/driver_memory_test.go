package provider

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
)

// A network in memory, for tests in a synctest bubble. There no second passes
// in reality, so that a test may wait for hours, and nothing depends on how busy
// the machine is.
//
// memoryListen goes into sandbox.Config. Whatever dials by http.DefaultTransport
// or a clone of it, as the provider does, finds these listeners.

var (
	memoryListeners sync.Map // *memoryListener by address
	memoryCount     atomic.Int32
)

type memoryListener struct {
	addr   *net.TCPAddr
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// memoryListen opens a listener with an address of its own, whatever was asked
// for.
func memoryListen(context.Context, string) (net.Listener, error) {
	n := int(memoryCount.Add(1))
	l := &memoryListener{
		addr:   &net.TCPAddr{IP: net.IPv4(127, 77, 0, byte(1+n/60000)), Port: 1024 + n%60000},
		dialed: make(chan net.Conn), closed: make(chan struct{}),
	}
	memoryListeners.Store(l.addr.String(), l)
	return l, nil
}

func (l *memoryListener) Addr() net.Addr { return l.addr }

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialed:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		memoryListeners.Delete(l.addr.String())
		close(l.closed)
	})
	return nil
}

func init() {
	tcp := new(net.Dialer)
	http.DefaultTransport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		v, ok := memoryListeners.Load(address)
		if !ok {
			return tcp.DialContext(ctx, network, address)
		}
		l := v.(*memoryListener)
		client, server := net.Pipe()
		select {
		case l.dialed <- server:
			return client, nil
		case <-l.closed:
			return nil, &net.OpError{Op: "dial", Net: network, Addr: l.addr, Err: syscall.ECONNREFUSED}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
