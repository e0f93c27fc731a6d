"""The official SDK's REST calls. Prints what each one gave."""

import json
import sys

from twelvedata import TDClient

rest, unknown = sys.argv[1:]


def tell(call, value):
    print(json.dumps({"call": call, "value": value}, default=str))


def tell_frame(call, frame):
    head = {
        "index": frame.index.name,
        "indexType": str(frame.index.dtype),
        "columns": list(frame.columns),
        "length": len(frame),
        "closes": [float(close) for close in frame["close"]],
    }
    tell(call, head)


def tell_error(call, work):
    try:
        tell(call, {"error": None, "value": work()})
    except Exception as error:
        tell(call, {"error": type(error).__name__, "message": str(error)})


client = TDClient(apikey="any", base_url=rest)
series = client.time_series(symbol="AAPL", interval="1min", outputsize=5)
both = client.time_series(symbol="AAPL,MSFT", interval="1min", outputsize=5)
tell("price", client.price(symbol="AAPL").as_json())
tell("prices", client.price(symbol="MSFT,AAPL").as_json())
tell("quote", client.quote(symbol="AAPL").as_json())
tell("quotes", client.quote(symbol=f"EUR/USD,{unknown}").as_json())
tell("series", series.as_json())
tell_frame("series as pandas", series.as_pandas())
tell("series as CSV", series.as_csv())
pandas = both.as_pandas()
tell_frame("AAPL of two as pandas", pandas.loc["AAPL"])
tell("quote as CSV", client.quote(symbol="AAPL").as_csv())
tell("search", client.symbol_search(symbol="apple").as_json())
tell("usage", client.api_usage().as_json())
tell_error("unknown symbol", lambda: client.price(symbol=unknown).as_json())
tell_error("unknown interval", lambda: client.time_series(symbol="AAPL", interval="7min").as_json())
tell_error("what the hub does not have", lambda: client.get_income_statement(symbol="AAPL").as_json())
