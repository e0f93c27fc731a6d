//! Reads a client's packets.

use crate::dialect::message::{self, Connect, Recovery, RequestedSymbol, Subscribe, Token};
use crate::dialect::{ClientError, ClientMessage, Heard, read};
use serde_json::Value;

/// Parses one packet.
#[must_use]
pub fn parse(text: &str) -> Heard {
    if text.len() > message::LONGEST_MESSAGE {
        return Err(ClientError::TooLarge(text.len())).into();
    }
    match text {
        "1" => Ok(ClientMessage::Leave).into(),
        "3" => Ok(ClientMessage::Pong).into(),
        _ => match text.strip_prefix('4') {
            Some(packet) => socket_io(packet),
            None => unreadable().into(),
        },
    }
}

fn unreadable() -> Result<ClientMessage, ClientError> {
    Err(ClientError::InvalidPacket)
}

/// `TYPE[NAMESPACE,][ACK][JSON]`. Types with attachments, `5` and `6`, are not read.
fn socket_io(packet: &str) -> Heard {
    let mut rest = packet.chars();
    let kind = rest.next();
    let (namespace, rest) = namespaced(rest.as_str());
    if namespace != "/" {
        return match kind {
            Some('0') => Ok(ClientMessage::ConnectElsewhere(message::echo(namespace))).into(),
            // What is said in a namespace that nobody joined is heard by nobody.
            _ => unreadable().into(),
        };
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, body) = rest.split_at_checked(digits).unwrap_or(("", rest));
    let ack = number.parse().ok();
    let body = (!body.is_empty()).then(|| serde_json::from_str::<Value>(body));
    let message = match (kind, body) {
        (Some('0'), None) => Ok(ClientMessage::Connect(Connect::default())),
        (Some('0'), Some(Ok(auth))) => Ok(ClientMessage::Connect(Connect {
            recovery: recovery(&auth),
            token: auth
                .get("token")
                .and_then(Value::as_str)
                .map(|token| Token(token.to_owned())),
        })),
        (Some('1'), None) => Ok(ClientMessage::Leave),
        (Some('2'), Some(Ok(Value::Array(arguments)))) => event(&arguments),
        _ => unreadable(),
    };
    Heard { message, ack }
}

fn namespaced(rest: &str) -> (&str, &str) {
    if !rest.starts_with('/') {
        return ("/", rest);
    }
    let (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    // A query was part of the name in older clients.
    (namespace.split('?').next().unwrap_or(namespace), rest)
}

/// What a client kept of the connection that it lost.
fn recovery(auth: &Value) -> Option<Recovery> {
    let text = |name| auth.get(name).and_then(Value::as_str);
    Some((text("pid")?.to_owned(), read(text("offset")?)?))
}

fn event(arguments: &[Value]) -> Result<ClientMessage, ClientError> {
    let name = arguments
        .first()
        .and_then(Value::as_str)
        .ok_or(ClientError::InvalidPacket)?;
    match name {
        "subscribe" => Ok(ClientMessage::Subscribe(match symbols(arguments.get(1))? {
            Some(symbols) => Subscribe {
                symbols,
                ..Subscribe::default()
            },
            None => Subscribe {
                wants_defaults: true,
                ..Subscribe::default()
            },
        })),
        "unsubscribe" => {
            let symbols = symbols(arguments.get(1))?.ok_or(ClientError::InvalidParams)?;
            Ok(ClientMessage::Unsubscribe(symbols))
        }
        other => Err(ClientError::UnknownEvent(message::echo(other))),
    }
}

/// The symbols of an argument: `{"symbols":…}`, a list or a comma list; `None` if it names none.
fn symbols(argument: Option<&Value>) -> Result<Option<Vec<RequestedSymbol>>, ClientError> {
    let named = match argument {
        Some(Value::Object(fields)) => fields.get("symbols"),
        other => other,
    };
    match named {
        None | Some(Value::Null) => Ok(None),
        named => message::requested(named).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_as_real_clients_send_them() {
        let symbols = |text: &str| match parse(text).message {
            Ok(ClientMessage::Subscribe(wish)) => wish.symbols.iter().flatten().map(ToString::to_string).collect(),
            other => vec![format!("{other:?}")],
        };
        let connect = |recovery, token: Option<&str>| {
            let token = token.map(|token| Token(token.to_owned()));
            Ok(ClientMessage::Connect(Connect { recovery, token }))
        };
        assert_eq!(parse("40").message, connect(None, None));
        assert_eq!(parse("40{}").message, connect(None, None));
        assert_eq!(parse(r#"40{"token":7}"#).message, connect(None, None));
        assert_eq!(parse(r#"40{"token":"t"}"#).message, connect(None, Some("t")));
        let recovered = Some(("p".to_owned(), (7, 9)));
        assert_eq!(
            parse(r#"40{"pid":"p","offset":"7.9"}"#).message,
            connect(recovered, None)
        );
        assert_eq!(
            parse("40/other,").message,
            Ok(ClientMessage::ConnectElsewhere("/other".to_owned()))
        );
        assert_eq!(parse("41").message, Ok(ClientMessage::Leave));
        assert_eq!(parse("3").message, Ok(ClientMessage::Pong));
        assert_eq!(
            symbols(r#"42["subscribe",{"symbols":["BTC/USD","aapl"]}]"#),
            ["BTC/USD", "AAPL"]
        );
        assert_eq!(symbols(r#"42["subscribe",["SPY"]]"#), ["SPY"]);
        assert_eq!(symbols(r#"42["subscribe","SPY,AAPL"]"#), ["SPY", "AAPL"]);
        let asked = parse(r#"4212["subscribe",{"symbols":["SPY"]}]"#);
        assert_eq!(asked.ack, Some(12));
        let defaults = ClientMessage::Subscribe(Subscribe {
            wants_defaults: true,
            ..Subscribe::default()
        });
        for text in [r#"42["subscribe"]"#, r#"42["subscribe",{}]"#, r#"42["subscribe",null]"#] {
            assert_eq!(parse(text).message, Ok(defaults.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_an_error() {
        for text in [
            "",
            "x",
            "2",
            "4",
            "42",
            "42{}",
            "42[]",
            "42[1]",
            "42[\"subscribe\"",
            "47",
            "451-[\"a\"]",
            "41{",
            "42/other,[\"a\"]",
            "\u{1e}",
        ] {
            assert_eq!(parse(text).message, Err(ClientError::InvalidPacket), "{text:?}");
        }
        assert_eq!(
            parse(r#"42["buy",1]"#).message,
            Err(ClientError::UnknownEvent("buy".to_owned()))
        );
        assert_eq!(parse(r#"42["subscribe",7]"#).message, Err(ClientError::InvalidParams));
        assert_eq!(parse(r#"42["unsubscribe"]"#).message, Err(ClientError::InvalidParams));
    }
}
