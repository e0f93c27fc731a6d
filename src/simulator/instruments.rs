//! The fixed table of instruments, with their names, venues and behaviour.
//!
//! The reference prices are just round numbers near the market in early 2026: the level around
//! which the walk moves. Names, venues and codes follow captures of Twelve Data (`XNGS` for Nasdaq,
//! not `XNAS`). `RY` is listed twice, in New York and in Toronto, because a symbol alone is not
//! unique at Twelve Data either.

use super::hours::Hours;

/// The asset class, which decides the fields of every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A share: currency, venue and volume, no bid and ask.
    CommonStock,
    /// An exchange-traded fund: as a share.
    Etf,
    /// A stock index: as a share, with bid and ask.
    Index,
    /// A currency pair or a metal: two currencies, bid and ask, no venue and no volume.
    PhysicalCurrency,
    /// A cryptocurrency pair: two currencies, venue, bid, ask and volume.
    DigitalCurrency,
}

impl Class {
    /// The `type` field of Twelve Data's messages.
    pub fn name(self) -> &'static str {
        match self {
            Class::CommonStock => "Common Stock",
            Class::Etf => "ETF",
            Class::Index => "Index",
            Class::PhysicalCurrency => "Physical Currency",
            Class::DigitalCurrency => "Digital Currency",
        }
    }

    /// Whether it is a pair of currencies (forex, metal or crypto).
    pub fn is_pair(self) -> bool {
        matches!(self, Class::PhysicalCurrency | Class::DigitalCurrency)
    }

    /// Whether a client's `type` in a subscribe request means this class. `Forex` is accepted for
    /// Physical Currency, `Stock` for Common Stock.
    pub(crate) fn answers_to(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
            || (self == Class::PhysicalCurrency && name.eq_ignore_ascii_case("forex"))
            || (self == Class::CommonStock && name.eq_ignore_ascii_case("stock"))
    }
}

/// One instrument on one venue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrument {
    /// Twelve Data's symbol, such as `AAPL` or `EUR/USD`.
    pub symbol: &'static str,
    /// The long name in `/quote`.
    pub name: &'static str,
    /// Its asset class.
    pub class: Class,
    /// Venue, such as `NASDAQ`; empty for forex.
    pub exchange: &'static str,
    /// Market identifier code (ISO 10383); empty for pairs.
    pub mic_code: &'static str,
    /// Country of the venue; empty for pairs.
    pub country: &'static str,
    /// Currency of the price: a code such as `USD`.
    pub currency: &'static str,
    /// Full name of the base currency; empty unless a pair.
    pub currency_base: &'static str,
    /// Full name of the quote currency; empty unless a pair.
    pub currency_quote: &'static str,
    /// Level around which the price moves, in the quote currency.
    pub reference_price: f64,
    /// Annual volatility: 0.25 = 25 %.
    pub volatility: f64,
    /// Decimals of a price on the WebSocket.
    pub decimals: u8,
    /// Half of the spread between bid and ask, in basis points of the price.
    pub half_spread_bp: f64,
    /// Typical volume of a day, in shares or coins; 0 where none is reported.
    pub daily_volume: u64,
    /// Shortest time between two ticks, in milliseconds.
    pub shortest_gap: u64,
    /// Mean time between two ticks, in milliseconds.
    pub mean_gap: u64,
    pub(crate) hours: Hours,
    /// Whether REST serves it to the free plan ("Basic covers US equities and ETFs, forex and
    /// crypto").
    pub basic_plan: bool,
}

impl Instrument {
    /// Rounds to the decimals of this instrument's prices.
    pub(crate) fn round(&self, price: f64) -> f64 {
        let scale = 10f64.powi(i32::from(self.decimals));
        (price * scale).round() / scale
    }
}

/// Every instrument with this symbol (case-sensitive), the most liquid venue first.
pub fn named(symbol: &str) -> impl Iterator<Item = &'static Instrument> + '_ {
    INSTRUMENTS.iter().filter(move |one| one.symbol == symbol)
}

const NASDAQ: (&str, &str) = ("NASDAQ", "XNGS");
const NYSE: (&str, &str) = ("NYSE", "XNYS");
const ARCA: (&str, &str) = ("NYSE", "ARCX");
const TSX: (&str, &str) = ("TSX", "XTSE");
const XETRA: (&str, &str) = ("XETR", "XETR");

/// Cadence as captured for AAPL: at most one event a second, sometimes one less.
const SHARE: Instrument = Instrument {
    symbol: "",
    name: "",
    class: Class::CommonStock,
    exchange: "",
    mic_code: "",
    country: "United States",
    currency: "USD",
    currency_base: "",
    currency_quote: "",
    reference_price: 100.0,
    volatility: 0.3,
    decimals: 2,
    half_spread_bp: 0.5,
    daily_volume: 1_000_000,
    shortest_gap: 1_000,
    mean_gap: 1_250,
    hours: Hours::NewYork,
    basic_plan: true,
};

const fn share(
    symbol: &'static str,
    name: &'static str,
    venue: (&'static str, &'static str),
    reference_price: f64,
    volatility: f64,
    daily_volume: u64,
) -> Instrument {
    Instrument {
        symbol,
        name,
        exchange: venue.0,
        mic_code: venue.1,
        reference_price,
        volatility,
        daily_volume,
        ..SHARE
    }
}

const fn fund(
    symbol: &'static str,
    name: &'static str,
    venue: (&'static str, &'static str),
    reference_price: f64,
    volatility: f64,
    daily_volume: u64,
) -> Instrument {
    Instrument {
        class: Class::Etf,
        ..share(symbol, name, venue, reference_price, volatility, daily_volume)
    }
}

const fn index(
    symbol: &'static str,
    name: &'static str,
    venue: (&'static str, &'static str),
    reference_price: f64,
    volatility: f64,
    daily_volume: u64,
) -> Instrument {
    Instrument {
        class: Class::Index,
        basic_plan: false,
        ..share(symbol, name, venue, reference_price, volatility, daily_volume)
    }
}

const fn forex(
    symbol: &'static str,
    name: &'static str,
    base: &'static str,
    quote: (&'static str, &'static str),
    reference_price: f64,
    volatility: f64,
    decimals: u8,
) -> Instrument {
    Instrument {
        symbol,
        name,
        class: Class::PhysicalCurrency,
        country: "",
        currency: quote.0,
        currency_base: base,
        currency_quote: quote.1,
        reference_price,
        volatility,
        decimals,
        half_spread_bp: 0.4,
        daily_volume: 0,
        shortest_gap: 600,
        mean_gap: 1_000,
        hours: Hours::Forex,
        ..SHARE
    }
}

const fn crypto(
    symbol: &'static str,
    name: &'static str,
    pair: (&'static str, &'static str),
    reference_price: f64,
    volatility: f64,
    decimals: u8,
    (daily_volume, mean_gap): (u64, u64),
) -> Instrument {
    Instrument {
        symbol,
        name,
        class: Class::DigitalCurrency,
        exchange: "Coinbase Pro",
        country: "",
        currency_base: pair.0,
        currency_quote: pair.1,
        reference_price,
        volatility,
        decimals,
        half_spread_bp: 0.3,
        daily_volume,
        shortest_gap: 100,
        mean_gap,
        hours: Hours::Always,
        ..SHARE
    }
}

const USD: (&str, &str) = ("USD", "US Dollar");
const JPY: (&str, &str) = ("JPY", "Japanese Yen");

/// The table. The first eight are Hamster Terminal's defaults. Columns of shares and funds: symbol,
/// name, venue, reference price, volatility, daily volume. Of forex: symbol, name, base, quote,
/// reference price, volatility, decimals. Of crypto: the same, then daily volume and mean gap.
#[rustfmt::skip]
pub static INSTRUMENTS: &[Instrument] = &[
    crypto("BTC/USD", "Bitcoin US Dollar", ("Bitcoin", "US Dollar"), 90_000.0, 0.50, 2, (52_000, 300)),
    Instrument { exchange: "Huobi", ..crypto("ETH/USD", "Ethereum US Dollar", ("Ethereum", "US Dollar"), 3_000.0, 0.65, 2, (410_000, 450)) },
    share("AAPL", "Apple Inc.", NASDAQ, 260.0, 0.27, 48_000_000),
    share("MSFT", "Microsoft Corporation", NASDAQ, 450.0, 0.24, 22_000_000),
    share("NVDA", "NVIDIA Corporation", NASDAQ, 185.0, 0.42, 180_000_000),
    fund("SPY", "SPDR S&P 500 ETF Trust", ARCA, 690.0, 0.16, 75_000_000),
    forex("EUR/USD", "Euro / US Dollar", "Euro", USD, 1.18, 0.075, 7),
    forex("GBP/USD", "British Pound / US Dollar", "British Pound", USD, 1.36, 0.08, 7),

    fund("QQQ", "Invesco QQQ Trust", NASDAQ, 620.0, 0.21, 50_000_000),
    fund("VOO", "Vanguard S&P 500 ETF", ARCA, 630.0, 0.16, 8_000_000),
    fund("IWM", "iShares Russell 2000 ETF", ARCA, 260.0, 0.22, 30_000_000),
    share("TSLA", "Tesla, Inc.", NASDAQ, 430.0, 0.55, 80_000_000),
    share("AMZN", "Amazon.com, Inc.", NASDAQ, 235.0, 0.31, 40_000_000),
    share("GOOGL", "Alphabet Inc.", NASDAQ, 330.0, 0.30, 35_000_000),
    share("META", "Meta Platforms, Inc.", NASDAQ, 650.0, 0.34, 14_000_000),
    share("AMD", "Advanced Micro Devices", NASDAQ, 220.0, 0.50, 40_000_000),
    share("AVGO", "Broadcom Inc.", NASDAQ, 340.0, 0.45, 25_000_000),
    share("NFLX", "Netflix, Inc.", NASDAQ, 90.0, 0.33, 40_000_000),
    share("INTC", "Intel Corporation", NASDAQ, 45.0, 0.50, 90_000_000),
    share("JPM", "JPMorgan Chase & Co.", NYSE, 310.0, 0.24, 9_000_000),
    share("V", "Visa Inc.", NYSE, 330.0, 0.20, 7_000_000),
    share("KO", "The Coca-Cola Company", NYSE, 71.0, 0.15, 16_000_000),
    share("DIS", "The Walt Disney Company", NYSE, 112.0, 0.26, 9_000_000),
    share("INFY", "Infosys Limited", NYSE, 18.0, 0.27, 15_000_000),
    share("TRP", "TC Energy Corporation", NYSE, 56.0, 0.20, 3_000_000),
    share("RY", "Royal Bank of Canada", NYSE, 168.0, 0.17, 1_200_000),
    Instrument { country: "Canada", currency: "CAD", hours: Hours::Toronto, basic_plan: false, ..share("RY", "Royal Bank of Canada", TSX, 231.0, 0.16, 4_000_000) },
    Instrument { country: "Germany", currency: "EUR", hours: Hours::Frankfurt, ..index("GDAXI", "DAX Performance Index", XETRA, 25_000.0, 0.17, 60_000_000) },
    index("IXIC", "NASDAQ Composite", NASDAQ, 23_300.0, 0.20, 7_000_000_000),

    forex("USD/JPY", "US Dollar / Japanese Yen", "US Dollar", JPY, 156.0, 0.10, 5),
    forex("EUR/JPY", "Euro / Japanese Yen", "Euro", JPY, 184.0, 0.09, 5),
    forex("EUR/GBP", "Euro / British Pound", "Euro", ("GBP", "British Pound"), 0.868, 0.055, 7),
    forex("USD/CHF", "US Dollar / Swiss Franc", "US Dollar", ("CHF", "Swiss Franc"), 0.79, 0.085, 7),
    forex("USD/CAD", "US Dollar / Canadian Dollar", "US Dollar", ("CAD", "Canadian Dollar"), 1.375, 0.06, 7),
    forex("AUD/USD", "Australian Dollar / US Dollar", "Australian Dollar", USD, 0.68, 0.10, 7),
    Instrument { half_spread_bp: 0.7, ..forex("XAU/USD", "Gold Spot / US Dollar", "Gold Spot", USD, 4_800.0, 0.20, 2) },
    Instrument { half_spread_bp: 2.0, ..forex("XAG/USD", "Silver Spot / US Dollar", "Silver Spot", USD, 85.0, 0.40, 4) },

    crypto("SOL/USD", "Solana US Dollar", ("Solana", "US Dollar"), 130.0, 0.80, 2, (2_400_000, 700)),
    crypto("XRP/USD", "XRP US Dollar", ("XRP", "US Dollar"), 2.0, 0.75, 4, (90_000_000, 1_000)),
    crypto("DOGE/USD", "Dogecoin US Dollar", ("Dogecoin", "US Dollar"), 0.13, 0.90, 5, (600_000_000, 1_500)),
    crypto("ADA/USD", "Cardano US Dollar", ("Cardano", "US Dollar"), 0.38, 0.85, 4, (70_000_000, 2_000)),
    Instrument { exchange: "Huobi", ..crypto("ETH/BTC", "Ethereum Bitcoin", ("Ethereum", "Bitcoin"), 0.0333, 0.45, 6, (9_000, 2_000)) },
    // Small enough that the JSON number has an exponent, as seen in 2022 (3.61e-06).
    Instrument { exchange: "Binance", ..crypto("GRT/BTC", "The Graph Bitcoin", ("The Graph", "Bitcoin"), 0.000_003_61, 0.80, 8, (2_000_000, 3_000)) },
];
