//! Routes of the original terminal in its shapes, answered from what is known here. A field that no
//! market data can answer is null.

pub(super) mod chart;
pub(super) mod market_state;
pub(super) mod quote;
pub(super) mod summary;

/// Whose prices these are, as the original words it.
pub(super) fn source(simulated: bool) -> &'static str {
    if simulated { "simulator" } else { "Twelve Data" }
}
