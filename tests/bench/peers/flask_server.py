"""The original's shape: Flask and Flask-SocketIO, a background task that reads Twelve Data's WebSocket, a cache in memory, and
`price_update` broadcast to everybody. gunicorn runs it with gevent, as Flask-SocketIO's documentation recommends for production."""

import json
import os
from datetime import datetime, timezone

import websocket
from flask import Flask
from flask_socketio import SocketIO, emit

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent", cors_allowed_origins="*")
cache = {}


@app.get("/health")
def health():
    return {"ok": True}


@socketio.on("connect")
def connect():
    for update in list(cache.values()):
        emit("price_update", update)


def on_open(upstream):
    upstream.send(json.dumps({"action": "subscribe", "params": {"symbols": os.environ["SYMBOLS"]}}))


def on_message(_, text):
    tick = json.loads(text)
    if tick.get("event") != "price":
        return
    symbol = tick["symbol"]
    previous_close = cache.get(symbol, {}).get("previous_close", tick["price"])
    update = {
        "symbol": symbol,
        "price": tick["price"],
        "percent_change": round((tick["price"] - previous_close) / previous_close * 100, 4),
        "timestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "day_volume": tick["day_volume"],
        "previous_close": previous_close,
    }
    cache[symbol] = update
    socketio.emit("price_update", update)


def stream():
    upstream = websocket.WebSocketApp(os.environ["UPSTREAM"], on_open=on_open, on_message=on_message)
    upstream.run_forever(reconnect=5)


socketio.start_background_task(stream)
