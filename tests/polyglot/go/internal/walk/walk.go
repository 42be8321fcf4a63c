// Package walk is what both clients in Go have in common. PROGRAM URL PORT STEPS reports what it sees, as one JSON
// object for each line.
package walk

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

// A Step is one call to make.
type Step struct {
	Label     string         `json:"label"`
	Tool      string         `json:"tool"`
	Arguments map[string]any `json:"arguments"`
}

// URL is the MCP server, RedirectURI this program's own address on the loopback.
var (
	URL         = os.Args[1]
	RedirectURI = fmt.Sprintf("http://127.0.0.1:%s/callback", os.Args[2])
)

// Report prints one event.
func Report(event string, details map[string]any) {
	line := map[string]any{"event": event}
	for name, value := range details {
		line[name] = value
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		Fail(err)
	}
}

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Authorize shows the address to the person, and returns what the browser came back with.
func Authorize(address string) (url.Values, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		return nil, err
	}
	answers := make(chan url.Values, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "done")
		answers <- r.URL.Query()
	})}
	go server.Serve(listener)
	// Not Close: the browser would lose the answer that is still on its way.
	defer server.Shutdown(context.Background())
	Report("authorize", map[string]any{"url": address})
	return <-answers, nil
}

// TakeSteps makes each call and goes on after one that fails, as an agent does.
func TakeSteps(call func(Step) (text string, failed bool, err error)) {
	var steps []Step
	if err := json.Unmarshal([]byte(os.Args[3]), &steps); err != nil {
		Fail(err)
	}
	for _, step := range steps {
		text, failed, err := call(step)
		if err != nil {
			text, failed = err.Error(), true
		}
		Report("call", map[string]any{"label": step.Label, "failed": failed, "text": text})
	}
}
