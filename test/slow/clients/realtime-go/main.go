// What a client of the realtime service does, and what it prints: with centrifuge-go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// Of several goroutines.
type list[T any] struct {
	mutex sync.Mutex
	items []T
}

func (l *list[T]) add(item T) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.items = append(l.items, item)
}

func (l *list[T]) all() []T {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.items)
}

var ctx, cancel = context.WithTimeout(context.Background(), 60*time.Second)

func main() {
	defer cancel()
	webSocketURL, controlURL, room := os.Args[1], os.Args[2], os.Args[3]
	ask := func(path string) (string, error) {
		response, err := http.Get(controlURL + "/" + path)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if response.StatusCode != 200 {
			return "", errors.New(string(body))
		}
		return string(body), err
	}
	var inbox, messages list[string]
	var publications list[centrifuge.Publication]
	var subscriptions list[centrifuge.SubscribedEvent]
	var renewed list[string]
	seconds := func(what string) string {
		if slices.Contains(renewed.all(), what) {
			return "600"
		}
		return "3"
	}

	expired, err := ask("expired")
	exitOn(err)
	client := centrifuge.NewJsonClient(webSocketURL, centrifuge.Config{
		Token: expired,
		GetToken: func(centrifuge.ConnectionTokenEvent) (string, error) {
			return ask("connection?seconds=" + seconds("connection"))
		},
		ReadTimeout:      20 * time.Second,
		HandshakeTimeout: 20 * time.Second,
	})
	serverSubscribed := make(chan string, 10)
	connected := make(chan bool, 10)
	client.OnConnected(func(centrifuge.ConnectedEvent) { connected <- true })
	client.OnSubscribed(func(event centrifuge.ServerSubscribedEvent) { serverSubscribed <- event.Channel })
	client.OnPublication(func(event centrifuge.ServerPublicationEvent) {
		inbox.add(event.Channel + " " + textOf(event.Data))
	})
	client.OnMessage(func(event centrifuge.MessageEvent) { messages.add(string(event.Data)) })
	exitOn(client.Connect())
	<-connected
	fmt.Println("the server subscribed it to", <-serverSubscribed)
	_, err = client.Publish(ctx, "inbox:ada", []byte(`"for Ada"`))
	exitOn(err)
	eventually(func() bool { return len(inbox.all()) == 1 })
	fmt.Println(inbox.all()[0])

	subscription, err := client.NewSubscription(room, centrifuge.SubscriptionConfig{Recoverable: true, JoinLeave: true})
	exitOn(err)
	subscription.OnPublication(func(event centrifuge.PublicationEvent) { publications.add(event.Publication) })
	subscription.OnSubscribed(func(event centrifuge.SubscribedEvent) { subscriptions.add(event) })
	exitOn(subscription.Subscribe())
	_, err = subscription.Publish(ctx, []byte(`"hello"`))
	exitOn(err)
	eventually(func() bool { return len(publications.all()) == 1 })
	first := publications.all()[0]
	fmt.Println("heard", textOf(first.Data), first.Offset, first.Info.User, string(first.Info.ConnInfo))
	presence, err := subscription.Presence(ctx)
	exitOn(err)
	users := []string{}
	for _, info := range presence.Clients {
		users = append(users, info.User)
	}
	slices.Sort(users)
	fmt.Println("present", strings.Join(users, ","))
	stats, err := subscription.PresenceStats(ctx)
	exitOn(err)
	fmt.Println("stats", stats.NumClients, stats.NumUsers)
	history, err := subscription.History(ctx, centrifuge.WithHistoryLimit(10))
	exitOn(err)
	lines := []string{}
	for _, publication := range history.Publications {
		lines = append(lines, textOf(publication.Data))
	}
	fmt.Println("history", jsonOf(lines), history.Offset)
	sum, err := client.RPC(ctx, "sum", []byte("[1,2]"))
	exitOn(err)
	fmt.Println("rpc", string(sum.Data))
	_, err = client.RPC(ctx, "?", []byte("null"))
	var refused *centrifuge.Error
	if errors.As(err, &refused) {
		fmt.Println("unknown rpc", refused.Code)
	}
	exitOn(client.Send(ctx, []byte(`{"a":1}`)))
	eventually(func() bool { return len(messages.all()) == 1 })
	fmt.Println("message", messages.all()[0])

	noted := func(what string) int {
		notes, err := client.RPC(ctx, "notes", []byte("null"))
		exitOn(err)
		return strings.Count(string(notes.Data), `"`+what+`"`)
	}
	eventually(func() bool { return noted("renewed") > 0 })
	renewed.add("connection")
	fmt.Println("renewed its token")
	secret, err := client.NewSubscription("secret:1", centrifuge.SubscriptionConfig{
		GetToken: func(event centrifuge.SubscriptionTokenEvent) (string, error) {
			return ask("subscription?channel=" + event.Channel + "&seconds=" + seconds(event.Channel))
		},
	})
	exitOn(err)
	exitOn(secret.Subscribe())
	eventually(func() bool { return noted("secret:1") > 1 })
	renewed.add("secret:1")
	fmt.Println("renewed its token of secret:1")

	_, err = ask("cut")
	exitOn(err)
	<-connected
	eventually(func() bool {
		return len(publications.all()) >= 4 && len(inbox.all()) >= 2 && len(subscriptions.all()) > 1
	})
	_, err = subscription.Publish(ctx, []byte(`"the last one"`))
	exitOn(err)
	// Whatever comes twice has come before this.
	eventually(func() bool {
		all := publications.all()
		return textOf(all[len(all)-1].Data) == "the last one"
	})
	times := subscriptions.all()
	fmt.Println("recovered", times[len(times)-1].Recovered, len(times))
	heard := []string{}
	for _, publication := range publications.all()[1:] {
		heard = append(heard, fmt.Sprint(publication.Offset, " ", textOf(publication.Data)))
	}
	fmt.Println("heard", jsonOf(heard), jsonOf(inbox.all()[1:]))
	told, err := ask("joined")
	exitOn(err)
	fmt.Println(told)
	exitOn(client.Disconnect())
}

func eventually(isSo func() bool) {
	for !isSo() {
		exitOn(ctx.Err())
		time.Sleep(50 * time.Millisecond)
	}
}

func textOf(data []byte) string {
	var text string
	exitOn(json.Unmarshal(data, &text))
	return text
}

func jsonOf(value any) string {
	text, err := json.Marshal(value)
	exitOn(err)
	return string(text)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
