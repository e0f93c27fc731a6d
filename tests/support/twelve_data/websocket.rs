//! One WebSocket connection: the handshake, then frames both ways until either side ends it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use hamster_terminal::simulator::{Connected, Output, Refusal, SessionId};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::http::{self, Request};
use super::{Conflation, Shared, now};

/// A handle to a connection's task.
pub(super) struct Connection {
    pub(super) outputs: Conflation,
    /// Nothing more is sent, pongs included.
    pub(super) muted: Arc<AtomicBool>,
}

pub(super) async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let Some(request) = Request::read(&mut stream).await else {
        return;
    };
    if request.path != "/v1/quotes/price" {
        let _ = http::answer(&mut stream, 404, &[], "{}").await;
        return;
    }
    let in_query = request.parameter("apikey");
    let key = in_query.as_deref().or(request.header("x-td-apikey"));
    {
        let mut state = shared.lock();
        state.record.upgrade();
        state.record.key_in_url |= in_query.is_some();
    }
    while shared.lock().upgrades_hang {
        // A client that gave up during the delay must not count as connected.
        tokio::time::sleep(Duration::from_millis(20)).await;
        if matches!(stream.peek(&mut [0]).now_or_never(), Some(Ok(0) | Err(_))) {
            return;
        }
    }
    let Some(accept) = request
        .header("sec-websocket-key")
        .map(|key| derive_accept_key(key.as_bytes()))
    else {
        let _ = http::answer(&mut stream, 400, &[], "{}").await;
        return;
    };
    let (outbox, mut outputs) = mpsc::unbounded_channel();
    let muted = Arc::new(AtomicBool::new(false));
    let connected = {
        let mut state = shared.lock();
        let connected = state.exchange.connect(key, now());
        if let Ok(Connected { session, outputs }) = &connected {
            let connection = Connection {
                outputs: outbox,
                muted: muted.clone(),
            };
            state.connections.insert(*session, connection);
            state.deliver(outputs.clone());
            state.record.opened();
        }
        connected
    };
    let session = match connected {
        Ok(connected) => connected.session,
        Err(Refusal { status, body }) => {
            let headers = [("content-type", "application/json".to_owned())];
            let _ = http::answer(&mut stream, status, &headers, &body).await;
            return;
        }
    };
    let mut open = Open {
        shared: &shared,
        session,
        counted: true,
    };
    let switching = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    if stream.write_all(switching.as_bytes()).await.is_err() {
        return;
    }
    let stream = Mutable {
        stream,
        muted,
        silent: shared.silent.clone(),
    };
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    converse(&shared, session, &mut socket, &mut outputs, &mut open).await;
}

async fn converse(
    shared: &Shared,
    session: SessionId,
    socket: &mut WebSocketStream<Mutable>,
    outputs: &mut mpsc::UnboundedReceiver<Output>,
    open: &mut Open<'_>,
) {
    loop {
        tokio::select! {
            // Keep the order: an eviction is sent before the answer to a later message.
            biased;
            output = outputs.recv() => match output {
                Some(Output::Text { text, .. }) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Output::Close { code, reason, .. }) => {
                    open.end();
                    let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
                    let _ = socket.close(Some(frame)).await;
                    // Read until the client's own close frame, or until it is gone.
                    while let Some(Ok(_)) = socket.next().await {}
                    return;
                }
                Some(Output::Drop { .. }) | None => {
                    let _ = socket.get_ref().stream.set_zero_linger();
                    return;
                }
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    shared.lock().record.frame(session, &text);
                    shared.emit(|exchange| exchange.receive(session, &text, now()));
                }
                Some(Ok(Message::Ping(_))) => shared.lock().record.pings += 1,
                Some(Ok(Message::Close(_))) => {
                    // The client is done with this connection, even if our answer to its close is
                    // slow or muted.
                    open.end();
                    while let Some(Ok(_)) = socket.next().await {}
                    return;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// Counts the connection as open until it ends in any way.
struct Open<'a> {
    shared: &'a Shared,
    session: SessionId,
    counted: bool,
}

impl Open<'_> {
    fn end(&mut self) {
        if std::mem::take(&mut self.counted) {
            let mut state = self.shared.lock();
            state.record.open -= 1;
            state.connections.remove(&self.session);
            state.exchange.disconnect(self.session);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// A socket that can discard its writes while it keeps reading, so that a silent server still
/// notices that its client left.
struct Mutable {
    stream: TcpStream,
    muted: Arc<AtomicBool>,
    silent: Arc<AtomicBool>,
}

impl AsyncRead for Mutable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Mutable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.muted.load(Ordering::Relaxed) || self.silent.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
