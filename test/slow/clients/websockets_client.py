"""A client with Python's websockets: says what it is told, prints what it hears, and leaves."""
import sys
from websockets.sync.client import connect

url, *texts = sys.argv[1:]
with connect(url, open_timeout=20) as connection:
    for text in texts:
        connection.send(text)
        print(connection.recv(timeout=20))
    assert connection.ping().wait(20)
    print("pong")
