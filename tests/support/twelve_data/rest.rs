//! The REST port: Twelve Data's endpoints, and the control routes under `/_control`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::http::{self, Request};
use super::record::RestRequest;
use super::{RestBehaviour, Shared, control, now};

pub(super) async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let Some(request) = Request::read(&mut stream).await else {
        return;
    };
    if let Some(command) = request.path.strip_prefix("/_control/") {
        let (status, body) = control::obey(&shared, command, &request);
        let headers = [("content-type", "application/json".to_owned())];
        let _ = http::answer(&mut stream, status, &headers, &body).await;
        return;
    }
    let in_query = request.parameter("apikey");
    let in_header = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("apikey "))
        .map(|key| key.trim().to_owned());
    let behaviour = {
        let mut state = shared.lock();
        state.record.key_in_url |= in_query.is_some();
        state.rest_behaviour
    };
    let reply = (behaviour == RestBehaviour::Answers).then(|| {
        shared.exchange(|exchange| match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/batch") => exchange.rest_batch(&request.body, in_header.as_deref(), now()),
            _ => exchange.rest(&request.path, &request.query, in_header.as_deref(), now()),
        })
    });
    let status = match (&reply, behaviour) {
        (Some(reply), _) => Some(reply.status),
        (None, RestBehaviour::Fails(status)) => Some(status),
        _ => None,
    };
    shared.lock().record.request(RestRequest {
        at: Instant::now(),
        path: request.path.clone(),
        query: request.redacted_query(),
        // Only an answer to a valid key has a credit count.
        key_ok: reply
            .as_ref()
            .is_some_and(|reply| reply.headers.iter().any(|(name, _)| *name == "api-credits-used")),
        status,
    });
    match (reply, behaviour) {
        (Some(reply), _) => {
            let _ = http::answer(&mut stream, reply.status, &reply.headers, &reply.body).await;
        }
        (None, RestBehaviour::Fails(status)) => {
            let headers = [("content-type", "text/html".to_owned())];
            let _ = http::answer(&mut stream, status, &headers, "<html>Bad gateway</html>").await;
        }
        (None, RestBehaviour::Resets) => {
            let _ = stream.set_zero_linger();
        }
        (None, _) => hang(&shared, &mut stream).await,
    }
}

/// Keeps the connection without an answer until the client leaves or REST works again.
async fn hang(shared: &Shared, stream: &mut TcpStream) {
    let mut byte = [0];
    loop {
        let read = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await;
        let gone = matches!(read, Ok(Ok(0) | Err(_)));
        if gone || shared.lock().rest_behaviour != RestBehaviour::Hangs {
            return;
        }
    }
}
