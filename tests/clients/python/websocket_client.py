"""Plain WebSocket libraries that speak Twelve Data's protocol themselves. Prints each one's first three prices."""

import asyncio
import json
import sys

import websocket
import websockets
from lines import tell

(url,) = sys.argv[1:]
SUBSCRIBE = json.dumps({"action": "subscribe", "params": {"symbols": "BTC/USD"}})


def first_prices(name, events):
    prices = [event["price"] for event in events if event["event"] == "price"]
    tell(library=name, prices=prices)


def with_websocket_client():
    connection = websocket.create_connection(url, timeout=10)
    connection.send(SUBSCRIBE)
    events = [json.loads(connection.recv()) for _ in range(4)]
    connection.close()
    first_prices("websocket-client", events)


async def with_websockets():
    async with websockets.connect(url) as connection:
        await connection.send(SUBSCRIBE)
        events = [json.loads(await asyncio.wait_for(connection.recv(), 10)) for _ in range(4)]
    first_prices("websockets", events)


with_websocket_client()
asyncio.run(with_websockets())
