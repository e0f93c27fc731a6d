//! Shared by the tests: the platform in memory with the object on it ([`Object`], [`Double`]), and
//! a client of `hamster.v1` ([`Reader`]).
//!
//! The simulation, the fuzz targets and the cost calculation run the object. They, the hub's own
//! tests, the tests on a real workerd and the benchmark's clients all read with the same reader.
//!
//! Why a crate and not a module behind a feature: with a feature cargo would build the whole
//! library twice, once with it and once without. This crate is a dev-dependency of the library that
//! it depends on, which cargo allows, and the release does not contain it. The one catch: unit
//! tests in `src/` are compiled with a second copy of the library's types, so they can use only the
//! reader, which needs none of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it may fail loudly"
)]

mod double;
mod object;
mod reader;
mod scanner;
mod symbol;

pub use double::{Deed, Double, Storage};
pub use object::Object;
pub use reader::{Fault, News, Reader};
pub use symbol::{Spark, Symbol};
