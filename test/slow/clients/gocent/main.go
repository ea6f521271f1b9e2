// A backend in Go: calls each method of the API with gocent, and prints what it is answered, one JSON list a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sort"
	"time"

	"github.com/centrifugal/gocent/v3"
)

func main() {
	url, room, user := os.Args[1], os.Args[2], os.Args[3]
	other := room + "/other"
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	// Its own time limit of a second is short for a function that starts.
	patient := &http.Client{Timeout: 60 * time.Second}
	client := gocent.New(gocent.Config{Addr: url, Key: "local", HTTPClient: patient})

	published, err := client.Publish(ctx, room, []byte(`{"n":1}`))
	exitOn(err)
	tell("publish", published.Offset)

	sent, err := client.Broadcast(ctx, []string{room, other}, []byte(`{"n":2}`))
	exitOn(err)
	offsets := []uint64{}
	for _, answer := range sent.Responses {
		offsets = append(offsets, answer.Result.Offset)
	}
	tell("broadcast", offsets)

	presence, err := client.Presence(ctx, room)
	exitOn(err)
	users := []string{}
	for _, info := range presence.Presence {
		users = append(users, info.User)
	}
	sort.Strings(users)
	tell("presence", users)

	stats, err := client.PresenceStats(ctx, room)
	exitOn(err)
	tell("presence_stats", stats.NumClients, stats.NumUsers)

	history, err := client.History(ctx, room, gocent.WithLimit(10))
	exitOn(err)
	lines := []any{}
	for _, line := range history.Publications {
		lines = append(lines, []any{line.Offset, line.Data})
	}
	tell("history", lines, history.Offset)

	channels, err := client.Channels(ctx, gocent.WithPattern(room+"*"))
	exitOn(err)
	open := []string{}
	for name := range channels.Channels {
		open = append(open, name)
	}
	tell("channels", open)

	info, err := client.Info(ctx)
	exitOn(err)
	names := []string{}
	for _, node := range info.Nodes {
		names = append(names, node.Name)
	}
	tell("info", names)

	pipe := client.Pipe()
	exitOn(pipe.AddPublish(room, []byte(`{"n":3}`)))
	exitOn(pipe.AddPresenceStats(room))
	replies, err := client.SendPipe(ctx, pipe)
	exitOn(err)
	var third struct {
		Offset uint64 `json:"offset"`
	}
	var count struct {
		NumClients int `json:"num_clients"`
	}
	exitOn(json.Unmarshal(replies[0].Result, &third))
	exitOn(json.Unmarshal(replies[1].Result, &count))
	tell("batch", third.Offset, count.NumClients)

	exitOn(client.Subscribe(ctx, other, user))
	_, err = client.Publish(ctx, other, []byte(`{"n":4}`))
	exitOn(err)
	exitOn(client.Unsubscribe(ctx, room, user))

	var refusal *gocent.Error
	if _, err = client.Publish(ctx, "no channel", []byte(`1`)); errors.As(err, &refusal) {
		tell("refused", refusal.Code)
	}
	stranger := gocent.New(gocent.Config{Addr: url, Key: "other", HTTPClient: patient})
	var status gocent.ErrStatusCode
	if _, err = stranger.Info(ctx); errors.As(err, &status) && status.Code == http.StatusUnauthorized {
		tell("unauthorized")
	}
	exitOn(client.Disconnect(ctx, user, gocent.WithDisconnect(&gocent.Disconnect{Code: 4501, Reason: "bye"})))
}

func tell(what ...any) {
	text, err := json.Marshal(what)
	exitOn(err)
	fmt.Println(string(text))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
