//! As much of WebSocket (RFC 6455) as a load generator needs: unfragmented frames without
//! extensions, and the two handshakes. It is written by hand because it must cost less than what it
//! measures.

use std::io::{self, Write};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
    /// The other side is done.
    Close,
    /// To be answered with a pong of the same content.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Kind {
    fn from_code(code: u8) -> Option<Kind> {
        match code {
            1 => Some(Kind::Text),
            2 => Some(Kind::Binary),
            8 => Some(Kind::Close),
            9 => Some(Kind::Ping),
            10 => Some(Kind::Pong),
            _ => None,
        }
    }

    fn code(self) -> u8 {
        match self {
            Kind::Text => 1,
            Kind::Binary => 2,
            Kind::Close => 8,
            Kind::Ping => 9,
            Kind::Pong => 10,
        }
    }
}

/// Appends a frame. Clients mask (with a key of zeros, which costs the server the same), servers do
/// not.
pub fn write_frame(into: &mut Vec<u8>, kind: Kind, payload: &[u8], mask: bool) {
    let masked = if mask { 0x80 } else { 0 };
    into.push(0x80 | kind.code());
    match payload.len() {
        length @ ..126 => into.push(masked | length as u8),
        length @ ..65_536 => {
            into.push(masked | 126);
            into.extend((length as u16).to_be_bytes());
        }
        length => {
            into.push(masked | 127);
            into.extend((length as u64).to_be_bytes());
        }
    }
    if mask {
        into.extend([0; 4]);
    }
    into.extend(payload);
}

/// What a buffer begins with.
pub enum Parsed<'a> {
    /// A whole frame from a server, and its length in bytes.
    Frame(Kind, &'a [u8], usize),
    /// The beginning of a frame.
    Partial,
    /// A frame that this parser does not support.
    Unreadable,
}

/// Parses the frame at the beginning of a buffer.
pub fn read_frame(bytes: &[u8]) -> Parsed<'_> {
    let [first, second, rest @ ..] = bytes else {
        return Parsed::Partial;
    };
    let Some(kind) = Kind::from_code(first & 0x0f).filter(|_| first & 0xf0 == 0x80 && second & 0x80 == 0) else {
        return Parsed::Unreadable;
    };
    let (header, length) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize),
        (126 | 127, _) => return Parsed::Partial,
        (length, _) => (2, usize::from(length)),
    };
    match bytes.get(header..header + length) {
        Some(payload) => Parsed::Frame(kind, payload, header + length),
        None => Parsed::Partial,
    }
}

/// As [`read_frame`], for a client's frame, which is masked.
pub fn read_masked_frame(bytes: &[u8]) -> io::Result<Option<(Kind, Vec<u8>, usize)>> {
    let unreadable = || io::Error::new(io::ErrorKind::InvalidData, "not a WebSocket frame");
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let kind = Kind::from_code(first & 0x0f)
        .filter(|_| second & 0x80 != 0)
        .ok_or_else(unreadable)?;
    let (header, length) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (126, _) => return Ok(None),
        (127, _) => return Err(unreadable()),
        (length, _) => (2, usize::from(length)),
    };
    let end = header + 4 + length;
    let (Some(key), Some(payload)) = (bytes.get(header..header + 4), bytes.get(header + 4..end)) else {
        return Ok(None);
    };
    let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
    Ok(Some((kind, payload.collect(), end)))
}

/// The upgrade request of a client, with these header fields of its own.
pub fn write_request(into: &mut Vec<u8>, host: &str, path: &str, fields: &[(&str, &str)]) {
    // Any 16 bytes will do, because only the answer's status is checked.
    let key = "aGFtc3Rlci10ZXJtaW5hbA==";
    let fields: String = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    // Writing to a vector cannot fail.
    let _ = write!(
        into,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Version: 13\r\n{fields}\r\n"
    );
}

/// The head of an HTTP message at the beginning of a buffer, and its length in bytes.
pub fn read_head(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..end]).into_owned(), end + 4))
}

/// Whether the head of an answer accepts the upgrade.
pub fn is_accepted(head: &str) -> bool {
    head.split(' ').nth(1) == Some("101")
}

/// A header field. Names are compared without regard to case.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(field, _)| field.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// A server's answer to the upgrade request with this head.
pub fn write_acceptance(into: &mut Vec<u8>, head: &str) {
    let accept = derive_accept_key(field(head, "sec-websocket-key").unwrap_or_default().as_bytes());
    let _ = write!(
        into,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
}
