// A client in Go: says what it is told, prints what it hears, and leaves.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/coder/websocket"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	connection, _, err := websocket.Dial(ctx, os.Args[1], nil)
	exitOn(err)
	connection.SetReadLimit(1 << 20)
	for _, text := range os.Args[2:] {
		exitOn(connection.Write(ctx, websocket.MessageText, []byte(text)))
		_, data, err := connection.Read(ctx)
		exitOn(err)
		fmt.Println(string(data))
	}
	// The pong is read by a reader.
	reading := connection.CloseRead(ctx)
	exitOn(connection.Ping(ctx))
	fmt.Println("pong")
	exitOn(connection.Close(websocket.StatusNormalClosure, ""))
	<-reading.Done()
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
