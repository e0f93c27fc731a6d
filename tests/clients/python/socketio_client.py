"""python-socketio. Prints every event; reads commands such as {"emit": ["subscribe", {"symbols": ["AAPL"]}], "callback": true}."""

import sys

import socketio
from lines import commands, tell

url, *transports = sys.argv[1:]
client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1)


def heard(event, *arguments):
    tell(event=event, arguments=arguments)


for name in ["connect", "disconnect", "connect_error"]:
    client.on(name, lambda *arguments, name=name: heard(name, *arguments))
client.on("*", heard)
client.connect(url, transports=transports or None)
heard("connected by", client.transport())
for command in commands():
    if command.get("end"):
        break
    name, *arguments = command["emit"]
    if command.get("callback"):
        heard("acknowledged", client.call(name, *arguments, timeout=10))
    else:
        client.emit(name, *arguments)
client.disconnect()
