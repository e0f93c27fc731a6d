"""python-socketio. Prints every event; reads commands such as {"emit": ["subscribe", {"symbols": ["AAPL"]}], "callback": true}."""

import json
import sys

import socketio

url, *transports = sys.argv[1:]
client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1)


def tell(event, *arguments):
    print(json.dumps({"event": event, "arguments": arguments}))


for name in ["connect", "disconnect", "connect_error"]:
    client.on(name, lambda *arguments, name=name: tell(name, *arguments))
client.on("*", tell)
client.connect(url, transports=transports or None)
tell("connected by", client.transport())
for line in sys.stdin:
    command = json.loads(line)
    if "emit" in command:
        name, *arguments = command["emit"]
        if command.get("callback"):
            tell("acknowledged", client.call(name, *arguments, timeout=10))
        else:
            client.emit(name, *arguments)
    if command.get("ask") == "transport":
        tell("connected by", client.transport())
    if command.get("end"):
        break
client.disconnect()
