//! The REST routes: which request means what, and the JSON of each answer. It is pure: the edge
//! passes requests in and sends replies out. A new route is a file and a line in `routes.rs`.

mod classes;
mod plain;
mod problem;
mod quotes;
mod reply;
mod route;
mod routes;
mod status;

pub use plain::{health, metrics};
pub use problem::Problem;
pub use reply::Reply;
pub use route::{Route, Serves, requested_symbols};
pub use routes::{ALLOWED_METHODS, Asked, is_ours, route};
