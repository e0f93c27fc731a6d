//! The doors that are not, or not only, WebSockets: `/socket.io/` and `/api/stream`.

use super::Problem;
use super::parameters::{ANY, Parameters};
use super::route::{Asked, Route};
use crate::dialect::Dialect;

/// Engine.IO's clients add parameters of their own and of their application.
pub(super) const SOCKET_IO: Route = Route {
    path: "/socket.io/",
    parameters: ANY,
    hint: "",
    asks: socket_io,
};

pub(super) const STREAM: Route = Route {
    path: "/api/stream",
    parameters: &["symbols", "ticket"],
    hint: "the parameter is symbols, as in /api/stream?symbols=BTC/USD,AAPL; without it the default symbols are sent",
    asks: |parameters| Ok(Asked::Stream(parameters.symbols()?)),
};

fn socket_io(parameters: &Parameters) -> Result<Asked, Problem> {
    if parameters.one("EIO")? != Some("4") {
        return Err(Problem::EngineIo(
            5,
            "this server speaks Engine.IO 4 (socket.io-client 3 or newer, python-socketio 5 or newer): the address must have EIO=4",
        ));
    }
    let session = parameters.one("sid")?.map(ToOwned::to_owned);
    match parameters.one("transport")? {
        None | Some("polling") => Ok(Asked::Polling(session)),
        // A client that polled names its session when it opens a WebSocket.
        Some("websocket") => Ok(match session {
            Some(session) => Asked::Upgrade(session),
            None => Asked::Socket(Some(Dialect::SocketIo)),
        }),
        Some(_) => Err(Problem::EngineIo(
            0,
            "this transport is unknown here: use polling or websocket",
        )),
    }
}
