"""sseclient-py over requests. Prints the first events, and then those after Last-Event-ID."""

import json
import sys

import requests
import sseclient
from lines import tell

(url,) = sys.argv[1:]


def events(count, headers):
    with requests.get(url, stream=True, timeout=10, headers={"Accept": "text/event-stream", **headers}) as response:
        response.raise_for_status()
        updates = (event for event in sseclient.SSEClient(response).events() if event.event == "price_update")
        return [{"id": event.id, "data": json.loads(event.data)} for event, _ in zip(updates, range(count))]


first = events(4, {})
tell(stream="first", events=first)
tell(stream="resumed", events=events(4, {"Last-Event-ID": first[-1]["id"]}))
