//! What strangers may send as a credential, and what operators may set.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hamster_terminal::access::{
    Access, Credential, Limits, Pass, Presented, Seen, Signed, TICKET_LIFE, Tickets, without_token,
};
use hamster_terminal::market::{Instrument, Millis};

const NOW: Millis = 1_768_833_135_000;
const OWN: &str = "https://terminal.example";

/// Settings with a shared secret, a public key of each curve, and an audience.
fn access(name: &str, value: &str) -> Option<Access> {
    let point = BASE64_URL_SAFE_NO_PAD.encode([1; 32]);
    let jwks = format!(
        r#"{{"keys":[{{"kty":"oct","k":"{point}","kid":"one"}},{{"kty":"EC","crv":"P-256","x":"{point}","y":"{point}"}},{{"kty":"OKP","crv":"Ed25519","x":"{point}"}}]}}"#
    );
    let read = Access::from_vars(&|var| match var {
        _ if var == name => Some(value.to_owned()),
        "ACCESS_JWKS" => Some(jwks.clone()),
        "ACCESS_AUDIENCE" => Some("terminal".to_owned()),
        _ => None,
    });
    if let Err(error) = &read {
        let told = error.to_string();
        // The name of a var, or an origin, may be repeated; a secret may not.
        let is_secret = name == "ACCESS_KEYS" || name == "ACCESS_JWKS";
        assert!(!is_secret || value.len() < 150 || !told.contains(value), "{told}");
    }
    read.ok()
}

/// One line as everything that it may be.
pub fn credential(line: &str) {
    token(line);
    // The head and the claims of a token, as the JSON that they are.
    if let Some((head, claims)) = line.split_once('\t') {
        let encoded = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
        token(&format!("{}.{}.{}", encoded(head), encoded(claims), encoded("signed")));
    }
    for (name, value) in [("ACCESS_KEYS", line), ("ACCESS_JWKS", line), ("ACCESS", line)] {
        access(name, value);
    }
    header(line);
    origin(line);
    presented(line);
}

fn token(text: &str) {
    let Some(access) = access("", "") else {
        panic!("settings that are right");
    };
    let Ok(signed) = Signed::read(text).inspect_err(|refusal| {
        let told = refusal.to_string();
        assert!(text.len() < 150 || !told.contains(text), "{told}");
    }) else {
        return;
    };
    assert!(text.starts_with(&signed.data) && text.len() <= 4_096);
    let keys: Vec<_> = access.signers.iter().filter(|key| signed.may_be_of(key)).collect();
    assert!(keys.len() <= 1, "each algorithm has one key here");
    for key in keys {
        if let Ok(pass) = access.pass_of_token(&signed, key, NOW) {
            assert!(!pass.is_over(NOW) && access.vouches(&pass));
            carries(&pass);
        }
    }
}

/// A header and an attachment carry a pass unchanged.
fn carries(pass: &Pass) {
    let header = pass.to_header();
    assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header}");
    assert!(header.len() < 12 * 1024, "{} bytes", header.len());
    assert_eq!(Pass::from_header(&header).as_ref(), Some(pass));
    for text in pass.symbols.iter().flatten() {
        let instrument = Instrument::parse(text).unwrap();
        assert!(pass.covers(&instrument), "{text}");
    }
}

fn header(line: &str) {
    if let Some(pass) = Pass::from_header(line) {
        carries(&pass);
    }
}

fn origin(line: &str) {
    let seen = |origin| Seen { own: OWN, origin };
    if let Some(access) = access("ALLOWED_ORIGINS", line) {
        assert!(access.origins.may_connect(seen(None)) && access.origins.may_connect(seen(Some(OWN))));
        let listed: Vec<&str> = line.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        for other in ["https://terminal.example.evil", "null", line] {
            let is_listed = listed.contains(&other) || listed.contains(&"*");
            assert_eq!(
                access.origins.may_connect(seen(Some(other))),
                is_listed || other == OWN,
                "{other}"
            );
        }
        assert_ne!(
            access.origins.shown_to(seen(Some("https://x.example")), true),
            Some("*")
        );
    }
    let Some(access) = access("", "") else { return };
    assert_eq!(access.origins.may_connect(seen(Some(line))), line == OWN, "{line}");
}

fn presented(line: &str) {
    let none = Presented::default();
    let ways = [
        Presented {
            authorization: Some(line),
            ..none
        },
        Presented {
            api_key: Some(line),
            ..none
        },
        Presented {
            offer: Some(line),
            ..none
        },
        Presented {
            parameter: Some(line),
            ticket: Some(line),
            ..none
        },
    ];
    for way in ways {
        if let Ok(Some(Credential::Token(token))) = way.credential() {
            assert!(!token.is_empty() && line.contains(&token));
            let told = without_token(line);
            assert!(way.offer.is_none() || !told.contains("hamster.bearer."), "{told}");
        }
    }
}

/// Tickets are issued and redeemed as the lines say: `+NAME TEXT`, `-TEXT`, or milliseconds to wait.
pub fn tickets<'a>(lines: impl Iterator<Item = &'a str>) {
    let (mut tickets, mut now) = (Tickets::default(), NOW);
    let mut open: Vec<(String, String, Millis)> = Vec::new();
    for line in lines {
        if let Some((name, text)) = line.strip_prefix('+').and_then(|rest| rest.split_once(' ')) {
            let pass = Pass {
                principal: name.to_owned(),
                voucher: 1,
                expires: None,
                symbols: None,
                limits: Limits::default(),
            };
            // Random texts never repeat.
            if open.iter().all(|(of, _, _)| of != text) && tickets.issue(text, pass, None, now).is_ok() {
                open.push((text.to_owned(), name.to_owned(), now + TICKET_LIFE));
            }
        } else if let Some(text) = line.strip_prefix('-') {
            let ticket = open.iter().position(|(of, _, _)| of == text).map(|at| open.remove(at));
            if let Ok(pass) = tickets.redeem(text, None, now) {
                let (_, name, until) = ticket.expect("a ticket that was issued and not used");
                assert!(pass.principal == name && now < until);
            }
            assert!(tickets.redeem(text, None, now).is_err(), "once");
        } else {
            now += line.trim().parse::<u16>().map_or(1, Millis::from);
        }
    }
}
