//! The names of Twelve Data's REST routes, most of which this hub does not have: its clients are
//! told so in the form that they can read.

const NAMES: &str = "ad add adosc adx adxr analyst_ratings api_usage apo aroon aroonosc atr avg avgprice \
    balance_sheet batch bbands beta bonds bop cash_flow cci ceil cmo commodities complex_data \
    coppock correl countries cross_listings crsi cryptocurrencies cryptocurrency_exchanges \
    currency_conversion dema direct_holders div dividends dividends_calendar dpo dx \
    earliest_timestamp earnings earnings_calendar earnings_estimate edgar_filings ema eod \
    eps_revisions eps_trend etf etfs exchange_rate exchange_schedule exchanges exp floor \
    forex_pairs fund_holders funds growth_estimates heikinashicandles ht_dcperiod ht_dcphase \
    ht_phasor ht_sine ht_trendline ht_trendmode ichimoku income_statement indices \
    insider_transactions institutional_holders instrument_type intervals ipo_calendar kama \
    keltner key_executives kst last_change linearreg linearregangle linearregintercept \
    linearregslope ln log10 logo ma macd macd_slope macdext mama market_cap market_movers \
    market_state max maxindex mcginley_dynamic medprice mfi midpoint midprice min minindex \
    minmax minmaxindex minus_di minus_dm mom mult mutual_funds natr obv options percent_b \
    pivot_points_hl plus_di plus_dm ppo press_releases price price_target profile quote \
    recommendations revenue_estimate roc rocp rocr rocr100 rsi rvol sanctions sar sarext sma \
    splits splits_calendar sqrt statistics stddev stoch stochf stochrsi stock_exchanges stocks \
    sub sum supertrend supertrend_heikinashicandles symbol_search t3ma tax_info \
    technical_indicators tema time_series trange trima tsf typprice ultosc var vwap wclprice \
    willr wma";

/// Whether the first part of a path, in lower case, is the name of a route of Twelve Data.
pub(in crate::api) fn is_theirs(first: &str) -> bool {
    NAMES.split(' ').any(|name| name == first)
}
