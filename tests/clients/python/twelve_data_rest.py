"""The official SDK's REST calls. Prints what each one gave."""

import sys

from lines import tell
from twelvedata import TDClient

rest, unknown = sys.argv[1:]


def told(call, value):
    tell(call=call, value=value)


def told_frame(call, frame):
    head = {
        "index": str(frame.index.dtype),
        "first": str(frame.index[0]),
        "columns": list(frame.columns),
        "length": len(frame),
        "closes": [float(close) for close in frame["close"]],
    }
    told(call, head)


def told_error(call, work):
    try:
        told(call, {"error": None, "value": work()})
    except Exception as error:
        told(call, {"error": type(error).__name__, "message": str(error)})


client = TDClient(apikey="any", base_url=rest)
series = client.time_series(symbol="AAPL", interval="1min", outputsize=5)
both = client.time_series(symbol="AAPL,MSFT", interval="1min", outputsize=5)
told("price", client.price(symbol="AAPL").as_json())
told("prices", client.price(symbol="MSFT,AAPL").as_json())
told("quote", client.quote(symbol="AAPL").as_json())
told("quotes", client.quote(symbol=f"EUR/USD,{unknown}").as_json())
told("series", series.as_json())
told_frame("series as pandas", series.as_pandas())
told("series as CSV", series.as_csv())
pandas = both.as_pandas()
told_frame("AAPL of two as pandas", pandas.loc["AAPL"])
told("quote as CSV", client.quote(symbol="AAPL").as_csv())
told("search", client.symbol_search(symbol="apple").as_json())
told("usage", client.api_usage().as_json())
told_error("unknown symbol", lambda: client.price(symbol=unknown).as_json())
told_error("unknown interval", lambda: client.time_series(symbol="AAPL", interval="7min").as_json())
told_error("what the hub does not have", lambda: client.get_income_statement(symbol="AAPL").as_json())
