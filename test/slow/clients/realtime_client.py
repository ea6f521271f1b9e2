"""What a client of the realtime service does, and what it prints: with centrifuge-python."""
import asyncio
import json
import sys
from urllib.request import urlopen

from centrifuge import CentrifugeError, Client, ClientEventHandler, ReplyError, SubscriptionEventHandler

web_socket_url, control_url, room = sys.argv[1:]
inbox, publications, subscribed = [], [], []
server_subscribed = asyncio.Event()
connected = asyncio.Event()
renewed = set()


def note(*what):
    texts = (one if isinstance(one, str) else json.dumps(one, separators=(",", ":")) for one in what)
    print(*texts, flush=True)


async def ask(path):
    def get():
        with urlopen(f"{control_url}/{path}") as response:
            return response.read().decode()

    return await asyncio.to_thread(get)


async def eventually(is_so):
    while not await is_so():
        await asyncio.sleep(0.05)


class Events(ClientEventHandler):
    async def on_connected(self, ctx):
        connected.set()

    async def on_subscribed(self, ctx):
        if not server_subscribed.is_set():
            note("the server subscribed it to", ctx.channel)
        server_subscribed.set()

    async def on_publication(self, ctx):
        inbox.append(f"{ctx.channel} {ctx.pub.data}")


class RoomEvents(SubscriptionEventHandler):
    async def on_subscribed(self, ctx):
        subscribed.append(ctx)

    async def on_publication(self, ctx):
        publications.append(ctx.pub)


async def main():
    client = Client(
        web_socket_url,
        events=Events(),
        token=await ask("expired"),
        get_token=lambda: ask(f"connection?seconds={600 if 'connection' in renewed else 3}"),
        timeout=20,
    )

    async def notes():
        return (await client.rpc("notes", None)).data

    async def heard_in_inbox():
        return len(inbox) == 1

    await client.connect()
    await server_subscribed.wait()
    await client.publish("inbox:ada", "for Ada")
    await eventually(heard_in_inbox)
    note(inbox[0])

    subscription = client.new_subscription(room, events=RoomEvents(), recoverable=True, join_leave=True)
    await subscription.subscribe()
    await subscription.ready()
    await subscription.publish("hello")

    async def heard():
        return len(publications) == 1

    await eventually(heard)
    first = publications[0]
    note("heard", first.data, first.offset, first.info.user, first.info.conn_info)
    presence = await subscription.presence()
    note("present", ",".join(sorted(client.user for client in presence.clients.values())))
    stats = await subscription.presence_stats()
    note("stats", stats.num_clients, stats.num_users)
    history = await subscription.history(limit=10)
    note("history", [one.data for one in history.publications], history.offset)
    note("rpc", (await client.rpc("sum", [1, 2])).data)
    try:
        await client.rpc("?", None)
    except ReplyError as error:
        note("unknown rpc", error.code)

    async def is_renewed():
        return "renewed" in await notes()

    await eventually(is_renewed)
    renewed.add("connection")
    note("renewed its token")

    secret = client.new_subscription(
        "secret:1",
        get_token=lambda channel: ask(
            f"subscription?channel={channel}&seconds={600 if channel in renewed else 3}"
        ),
    )
    await secret.subscribe()
    await secret.ready()

    async def is_subscription_renewed():
        return (await notes()).count("secret:1") > 1

    await eventually(is_subscription_renewed)
    renewed.add("secret:1")
    note("renewed its token of secret:1")

    connected.clear()
    await ask("cut")
    await connected.wait()

    async def has_recovered():
        return len(publications) >= 4 and len(inbox) >= 2 and len(subscribed) > 1

    await eventually(has_recovered)
    await subscription.publish("the last one")

    async def heard_the_last():
        return publications[-1].data == "the last one"

    # Whatever comes twice has come before this.
    await eventually(heard_the_last)
    note("recovered", subscribed[-1].recovered, len(subscribed))
    note("heard", [f"{one.offset} {one.data}" for one in publications[1:]], inbox[1:])
    note(await ask("joined"))
    await client.disconnect()


try:
    asyncio.run(main())
except CentrifugeError as error:
    sys.exit(f"{type(error).__name__}: {error}")
