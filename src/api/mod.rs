//! The REST routes: which request means what, and the JSON of each answer. Pure: the edge carries requests in and replies out.

mod problem;
mod reply;
mod route;
mod shapes;

pub use problem::Problem;
pub use reply::Reply;
pub use route::{ALLOWED_METHODS, Route, is_ours, requested_symbols, route};
pub use shapes::{AssetClass, class_quotes, health, metrics, quotes, status};
