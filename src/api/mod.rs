//! The REST routes: which request means what, and the JSON of each answer. It is pure: the edge
//! passes requests in and sends replies out. A new route is a file and a line in `routes.rs`.

mod access;
mod classes;
mod doors;
mod history;
mod original;
mod parameters;
mod plain;
mod problem;
mod quotes;
mod reply;
mod route;
mod routes;
mod search;
mod sessions;
mod sparklines;
mod status;
#[cfg(test)]
mod tests;
mod twelve_data;

pub use access::{access, is_told_as_twelve_data, ticket, twelve_datas_key};
pub use history::accepted_format;
pub use plain::{health, metrics};
pub use problem::Problem;
pub use reply::Reply;
pub use route::{Asked, Show, ShowEach, Zones};
pub use routes::{is_ours, route};
pub use twelve_data::TheirKey;
