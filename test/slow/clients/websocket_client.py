"""A client with Python's websocket-client: says what it is told, prints what it hears, and leaves."""
import sys
import websocket

url, *texts = sys.argv[1:]
connection = websocket.create_connection(url, timeout=20)
for text in texts:
    connection.send(text)
    print(connection.recv())
connection.ping("hello")
opcode, frame = connection.recv_data_frame(control_frame=True)
assert opcode == websocket.ABNF.OPCODE_PONG and frame.data == b"hello"
print("pong")
connection.close()
