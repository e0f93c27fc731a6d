//! `/api/crypto/summary`: the default symbols by class, as the original's page reads them.

use super::source;
use crate::api::Reply;
use crate::api::route::{Asked, Route, Show};
use crate::hub::{Answer, Question, SymbolView};
use crate::market::{AssetClass, Instrument};
use serde::Serialize;
use std::collections::BTreeMap;

pub(in crate::api) const ROUTE: Route = Route {
    path: "/api/crypto/summary",
    parameters: &[],
    hint: "this route takes none; /api/quotes?symbols=BTC/USD,AAPL gives any symbols",
    asks: |_| Ok(Asked::Hub(Question::Quotes(Vec::new()), Show(reply))),
};

/// Prices by the original's names, such as `AAPL`, `EURUSD` and `SOL`. A symbol without a price is
/// not there: the original's page would show it as 0.
type Prices = BTreeMap<String, f64>;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    ok: bool,
    btc_price: Option<f64>,
    btc_change24h: Option<f64>,
    btc_volume24h: Option<f64>,
    eth_price: Option<f64>,
    eth_change24h: Option<f64>,
    cryptos: Prices,
    cryptos_change: Prices,
    last_update: Option<String>,
    source: &'static str,
    commodities: Prices,
    commodities_change: Prices,
    stocks: Prices,
    stocks_change: Prices,
    indices: Prices,
    indices_change: Prices,
    forex: Prices,
    forex_change: Prices,
    fear_greed: Option<f64>,
    simulated: bool,
    /// The symbols whose prices are stale.
    stale: Vec<String>,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Quotes(quotes) = answer else {
        return None;
    };
    let views = &quotes.quotes;
    let mut body = Body {
        ok: true,
        source: source(quotes.simulated),
        simulated: quotes.simulated,
        last_update: views.iter().filter_map(|view| view.quote.received_at.clone()).max(),
        ..Body::default()
    };
    for view in views {
        body.add(view);
    }
    Some(Reply::json(&body).tagged())
}

impl Body {
    fn add(&mut self, view: &SymbolView) {
        let quote = &view.quote;
        let (Some(price), Ok(instrument)) = (quote.price, Instrument::parse(&quote.symbol)) else {
            return;
        };
        let change = quote.percent_change;
        let symbol = instrument.symbol();
        let dollars = instrument.pair().filter(|(_, currency)| *currency == "USD");
        let (prices, changes, name) = match (symbol, AssetClass::of(&instrument, quote.instrument.r#type.as_deref())) {
            ("BTC/USD", _) => {
                (self.btc_price, self.btc_change24h) = (Some(price), change);
                return self.mark(view);
            }
            ("ETH/USD", _) => {
                (self.eth_price, self.eth_change24h) = (Some(price), change);
                return self.mark(view);
            }
            ("XAU/USD", _) => (&mut self.commodities, &mut self.commodities_change, "GOLD".to_owned()),
            ("XAG/USD", _) => (&mut self.commodities, &mut self.commodities_change, "SILVER".to_owned()),
            (_, AssetClass::Crypto) => match dollars {
                Some((base, _)) => (&mut self.cryptos, &mut self.cryptos_change, base.to_owned()),
                None => return,
            },
            (_, AssetClass::Forex) => (&mut self.forex, &mut self.forex_change, symbol.replace('/', "")),
            (_, AssetClass::Stocks) => (&mut self.stocks, &mut self.stocks_change, symbol.to_owned()),
        };
        if prices.contains_key(&name) {
            // The same symbol of another exchange.
            return;
        }
        prices.insert(name.clone(), price);
        if let Some(change) = change {
            changes.insert(name, change);
        }
        self.mark(view);
    }

    fn mark(&mut self, view: &SymbolView) {
        if view.quote.stale_since.is_some() {
            self.stale.push(view.quote.symbol.clone());
        }
    }
}
