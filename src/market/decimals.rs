//! Prices as scaled integers, without loss: a client computes exactly the provider's number.
//!
//! Why it is exact: a price is converted only if `integer / 10^scale` gives the same `f64` back.
//! Both operands are exact, being below 2^53 or a power of ten up to 10^12, and IEEE 754 rounds
//! their quotient once, in JavaScript as here.

/// More decimal places than any quoted price has.
pub const MOST_DECIMALS: u8 = 12;
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `value` in units of 10^-`scale`, if that is exact.
#[must_use]
pub fn steps(value: f64, scale: u8) -> Option<i64> {
    let unit = 10_f64.powi(i32::from(scale));
    let steps = (value * unit).round();
    (steps.abs() < EXACT && steps / unit == value).then_some(steps as i64)
}

/// The fewest decimal places, at least `least`, with which all `values` are exact.
#[must_use]
pub fn scale_for(values: impl Iterator<Item = f64> + Clone, least: u8) -> Option<u8> {
    (least..=MOST_DECIMALS).find(|scale| values.clone().all(|value| steps(value, *scale).is_some()))
}

/// Prices are shown with at least this many decimals: one at 345.6 is at 345.65 a moment later.
const LEAST_SHOWN: u8 = 2;

/// The decimals of an instrument that had `before` and now has this price. `None` for a price with
/// more digits than any market quotes.
#[must_use]
pub fn decimals_of(price: f64, before: Option<u8>) -> Option<u8> {
    scale_for([price].into_iter(), before.unwrap_or(LEAST_SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_grow_with_what_is_seen() {
        let mut decimals = None;
        for (price, shown) in [(4.2, 2), (4.195, 3), (2.0, 3), (-2.2534, 4), (8.12e-6, 8), (1e300, 8)] {
            decimals = decimals_of(price, decimals).or(decimals);
            assert_eq!(decimals, Some(shown), "{price}");
        }
    }

    #[test]
    fn prices_become_integers() {
        assert_eq!(steps(95_500.25, 2), Some(9_550_025));
        assert_eq!(steps(95_500.25, 1), None);
        assert_eq!(steps(1.181_646_4, 7), Some(11_816_464));
        assert_eq!(scale_for([95_500.0, 95_500.5].into_iter(), 0), Some(1));
        assert_eq!(scale_for([3.61e-6].into_iter(), 2), Some(8));
        assert_eq!(scale_for([1e300].into_iter(), 0), None);
        assert_eq!(
            scale_for([0.1 + 0.2].into_iter(), 0),
            None,
            "more digits than a price has"
        );
    }

    proptest::proptest! {
        #[test]
        fn every_decimal_price_comes_back_as_it_was(units in -10_000_000_000_000_i64..10_000_000_000_000, decimals in 0_u32..9) {
            let text = format!("{units}e-{decimals}");
            let price: f64 = text.parse().unwrap();
            let scale = scale_for([price].into_iter(), 0).unwrap();
            let steps = steps(price, scale).unwrap();
            proptest::prop_assert_eq!(steps as f64 / 10_f64.powi(i32::from(scale)), price);
        }
    }
}
