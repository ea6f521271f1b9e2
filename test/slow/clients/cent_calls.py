"""A backend in Python: calls each method of the API with cent, and prints what it is answered, one JSON list a line."""
import json
import sys

from cent import (
    BatchRequest, BroadcastRequest, CentApiResponseError, CentUnauthorizedError, ChannelsRequest, Client, Disconnect,
    DisconnectRequest, HistoryRequest, InfoRequest, PresenceRequest, PresenceStatsRequest, PublishRequest,
    SubscribeRequest, UnsubscribeRequest,
)

url, room, user = sys.argv[1:]
other = room + "/other"
client = Client(url, api_key="local", timeout=60)


def tell(*what):
    print(json.dumps(what), flush=True)


tell("publish", client.publish(PublishRequest(channel=room, data={"n": 1})).offset)
sent = client.broadcast(BroadcastRequest(channels=[room, other], data={"n": 2}))
tell("broadcast", [answer.result.offset for answer in sent.responses])
tell("presence", sorted(info.user for info in client.presence(PresenceRequest(channel=room)).presence.values()))
stats = client.presence_stats(PresenceStatsRequest(channel=room))
tell("presence_stats", stats.num_clients, stats.num_users)
history = client.history(HistoryRequest(channel=room, limit=10))
tell("history", [[line.offset, line.data] for line in history.publications], history.offset)
tell("channels", sorted(client.channels(ChannelsRequest(pattern=room + "*")).channels))
tell("info", [node.name for node in client.info(InfoRequest()).nodes])
replies = client.batch(
    BatchRequest(requests=[PublishRequest(channel=room, data={"n": 3}), PresenceStatsRequest(channel=room)])
).replies
tell("batch", replies[0].offset, replies[1].num_clients)
client.subscribe(SubscribeRequest(user=user, channel=other))
client.publish(PublishRequest(channel=other, data={"n": 4}))
client.unsubscribe(UnsubscribeRequest(user=user, channel=room))
try:
    client.publish(PublishRequest(channel="no channel", data=1))
except CentApiResponseError as error:
    tell("refused", error.code)
try:
    Client(url, api_key="other").info(InfoRequest())
except CentUnauthorizedError:
    tell("unauthorized")
client.disconnect(DisconnectRequest(user=user, disconnect=Disconnect(code=4501, reason="bye")))
