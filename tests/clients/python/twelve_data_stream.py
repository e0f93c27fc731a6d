"""The official SDK's WebSocket. Prints every event; reads calls such as {"call": "subscribe", "arguments": [["AAPL"]]}."""

import sys

from lines import commands, tell
from twelvedata import TDClient

rest, stream, *symbols = sys.argv[1:]
client = TDClient(apikey="any", base_url=rest)
socket = client.websocket(symbols=symbols, on_event=lambda event: tell(**event), log_level="info")
socket.url = f"{stream}?apikey=any"
socket.connect()
for command in commands():
    getattr(socket, command["call"])(*command.get("arguments", []))
    tell(called=command["call"])
