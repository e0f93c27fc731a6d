//! Turns a pure reply into the platform's response.

use crate::api::Reply;
use worker::{Headers, Response, ResponseBody, Result};

pub(super) fn respond(reply: &Reply) -> Result<Response> {
    let body = if reply.body.is_empty() {
        ResponseBody::Empty
    } else {
        ResponseBody::Body(reply.body.clone().into_bytes())
    };
    response(body, reply)
}

/// The response with the status and headers of a reply whose body is this stream.
pub(super) fn stream_of(body: web_sys::ReadableStream, reply: &Reply) -> Result<Response> {
    response(ResponseBody::Stream(body), reply)
}

fn response(body: ResponseBody, reply: &Reply) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in &reply.headers {
        headers.set(name, value)?;
    }
    Ok(Response::from_body(body)?
        .with_status(reply.status)
        .with_headers(headers))
}
