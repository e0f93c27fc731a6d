/** The default symbols of wrangler.toml. */
export const DEFAULT_SYMBOLS = ['BTC/USD', 'ETH/USD', 'AAPL', 'MSFT', 'NVDA', 'SPY', 'EUR/USD', 'GBP/USD'];
/** A symbol that is sent only to who asks for it. */
export const OTHER = 'TSLA';
/** Nobody knows this symbol. */
export const UNKNOWN = 'NOPE';
