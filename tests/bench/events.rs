//! As much of HTTP and of server-sent events as a load generator needs: a request, chunks, events.

use std::io::Write;

/// The request of a stream of events.
pub fn write_request(into: &mut Vec<u8>, host: &str, path: &str) {
    // Writing to a vector cannot fail.
    let _ = write!(
        into,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"
    );
}

/// Whether the head of an answer begins a stream of events in chunks.
pub fn is_accepted(head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    head.split(' ').nth(1) == Some("200") && head.contains("text/event-stream") && head.contains("chunked")
}

/// The chunk at the beginning of a buffer, and its length in bytes with what surrounds it.
///
/// # Errors
/// If it is no chunk, or the last one.
pub fn read_chunk(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, &'static str> {
    let Some(end) = bytes.windows(2).take(20).position(|two| two == b"\r\n") else {
        return if bytes.len() > 20 { Err("not a chunk") } else { Ok(None) };
    };
    let size = std::str::from_utf8(&bytes[..end]).ok();
    let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
    let size = size.ok_or("not a chunk's size")?;
    if size == 0 {
        return Err("the stream ended");
    }
    let begin = end + 2;
    let chunk = bytes.get(begin..begin + size + 2);
    Ok(chunk.map(|chunk| (&chunk[..size], begin + size + 2)))
}

/// The event at the beginning of a buffer, and its length in bytes.
pub fn read_event(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.windows(2).position(|two| two == b"\n\n")?;
    Some((&bytes[..end], end + 2))
}

/// The data of an event of one line.
pub fn data_of(event: &[u8]) -> Option<&[u8]> {
    event
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"data: "))
}
