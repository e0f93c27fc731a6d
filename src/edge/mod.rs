//! The platform: everything that touches Workers or JavaScript. It turns platform events into
//! inputs of the pure machines, and their effects into platform calls, and decides nothing.

mod access;
mod bodies;
mod fanout;
mod gateway;
#[allow(missing_docs, reason = "the macro makes public methods without any")]
mod hub;
mod panics;
mod platform;
mod query;
mod respond;
#[allow(missing_docs, reason = "the macro makes public methods without any")]
mod simulator;
mod source;
mod storage;
mod upstream;
mod zones;

pub use gateway::{handle, poke};
pub use hub::Hub;
pub use panics::install_hook;
pub use simulator::Simulator;
