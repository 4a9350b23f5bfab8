// Command wire passes TCP connections on to an API server and measures what goes through, without reading it: all engines are measured
// here, in one way.
//
//	wire TARGET DELAY
//
// It prints the port of 127.0.0.1 on which it listens. For each line of standard input it prints a JSON line: when a client first
// connected or wrote and when it was last answered (nanoseconds of one clock), how many bytes went either way, and by how many new
// connections; then it counts from zero. DELAY (`20ms`) is added in each direction. It ends with its standard input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type counts struct {
	First       int64 `json:"first"`
	Last        int64 `json:"last"`
	Bytes       int64 `json:"bytes"`
	Connections int64 `json:"connections"`
}

type meter struct {
	mutex  sync.Mutex
	counts counts
}

var started = time.Now()

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(target, delayText string) error {
	delay, err := time.ParseDuration(delayText)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var meter meter
	go accept(listener, target, delay, &meter)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	answers := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := answers.Encode(meter.take()); err != nil {
			return err
		}
	}
	return nil
}

func accept(listener net.Listener, target string, delay time.Duration, meter *meter) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		meter.connected()
		go pass(client, target, delay, meter)
	}
}

func pass(client net.Conn, target string, delay time.Duration, meter *meter) {
	defer client.Close()
	// TCP's own greeting is a round trip too.
	time.Sleep(2 * delay)
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	var leaving atomic.Bool
	sent := func(bytes int) { meter.sent(bytes) }
	answered := func(bytes int) {
		// What a server says to a client that is closing answers nothing.
		if !leaving.Load() {
			meter.answered(bytes)
		}
	}
	go func() {
		_, _ = io.Copy(counted{delayed(server, delay), sent}, onlyReader{client})
		leaving.Store(true)
		done <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(delayed(counted{client, answered}, delay), onlyReader{server})
		done <- struct{}{}
	}()
	<-done
}

// onlyReader keeps io.Copy from handing the copying to the kernel, past the counting.
type onlyReader struct{ io.Reader }

// counted tells of what is about to be written.
type counted struct {
	to    io.Writer
	count func(bytes int)
}

func (c counted) Write(bytes []byte) (int, error) {
	c.count(len(bytes))
	return c.to.Write(bytes)
}

type piece struct {
	due   time.Time
	bytes []byte
}

// late writes each piece after the delay. Pieces wait side by side: the delay is one of time and not of bandwidth.
type late struct {
	delay  time.Duration
	pieces chan piece
}

func delayed(to io.Writer, delay time.Duration) io.Writer {
	if delay == 0 {
		return to
	}
	// Bounded only so that it has a size: no window of TCP is that large.
	pieces := make(chan piece, 4096)
	go func() {
		for piece := range pieces {
			time.Sleep(time.Until(piece.due))
			// A connection that has ended is noticed by who reads from it.
			_, _ = to.Write(piece.bytes)
		}
	}()
	return late{delay, pieces}
}

func (l late) Write(bytes []byte) (int, error) {
	l.pieces <- piece{time.Now().Add(l.delay), append([]byte(nil), bytes...)}
	return len(bytes), nil
}

func (m *meter) connected() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.begin()
	m.counts.Connections++
}

func (m *meter) sent(bytes int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.begin()
	m.counts.Bytes += int64(bytes)
}

func (m *meter) answered(bytes int) {
	now := time.Since(started).Nanoseconds()
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.counts.Last = now
	m.counts.Bytes += int64(bytes)
}

func (m *meter) begin() {
	if m.counts.First == 0 {
		m.counts.First = time.Since(started).Nanoseconds()
	}
}

func (m *meter) take() counts {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	taken := m.counts
	m.counts = counts{}
	return taken
}
