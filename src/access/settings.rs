//! The operator's settings about access.

use super::jwt::{self, Jwk, Signed};
use super::keys::{self, Hash, Key};
use super::origins::Origins;
use super::pass::{Pass, Refusal};
use crate::market::Millis;

/// Who may connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether a credential is required. If not, none is read.
    pub is_required: bool,
    /// Which pages may connect.
    pub origins: Origins,
    keys: Vec<Key>,
    /// The keys that sign tokens.
    pub signers: Vec<Jwk>,
    audience: Option<String>,
}

/// A setting that cannot be used, with what would be right. No text holds a key or a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// `ACCESS` has another value.
    #[error("the var ACCESS is {0:?}: set open or required")]
    Mode(String),
    /// `ACCESS_KEYS` cannot be read.
    #[error(
        r#"the secret ACCESS_KEYS cannot be used: {0}; it is a JSON array such as [{{"name":"desk","sha256":"…"}}], whose entries npm run token makes"#
    )]
    Keys(String),
    /// `ACCESS_JWKS` cannot be read.
    #[error("the secret ACCESS_JWKS cannot be used: {0}; npm run token makes its keys")]
    Jwks(String),
    /// `ALLOWED_ORIGINS` has an item that is not an origin.
    #[error(
        "the var ALLOWED_ORIGINS has {0:?}: write origins as browsers do, in lower case and without a path, such as https://terminal.example, or *"
    )]
    Origin(String),
    /// Access is required, and nobody can have it.
    #[error(
        "ACCESS is required, but there is neither ACCESS_KEYS nor ACCESS_JWKS: nobody could connect; npm run token makes a key"
    )]
    NoKeys,
}

impl Access {
    /// Reads the settings through `var`; absent or blank means the default: open, or required once
    /// there are keys.
    ///
    /// # Errors
    /// [`AccessError`] for the first one that cannot be used.
    pub fn from_vars(var: &dyn Fn(&str) -> Option<String>) -> Result<Self, AccessError> {
        let set = |name: &str| var(name).filter(|value| !value.trim().is_empty());
        let mode = set("ACCESS");
        let is_open = mode.as_deref().map(str::trim) == Some("open");
        // A secret that was set to nothing is a mistake, and must not open the terminal.
        let secret = |name: &str| var(name).filter(|value| !is_open || !value.trim().is_empty());
        let keys = secret("ACCESS_KEYS").map(|list| keys::parse(&list));
        let keys = keys.transpose().map_err(AccessError::Keys)?;
        let signers = secret("ACCESS_JWKS").map(|set| jwt::parse_set(&set));
        let signers = signers.transpose().map_err(AccessError::Jwks)?;
        let has_keys = keys.is_some() || signers.is_some();
        let is_required = match mode.as_deref().map(str::trim) {
            Some("open") => false,
            Some("required") if !has_keys => return Err(AccessError::NoKeys),
            Some("required") => true,
            None => has_keys,
            Some(other) => return Err(AccessError::Mode(other.chars().take(40).collect())),
        };
        Ok(Self {
            is_required,
            origins: Origins::parse(set("ALLOWED_ORIGINS").as_deref()).map_err(AccessError::Origin)?,
            keys: keys.unwrap_or_default(),
            signers: signers.unwrap_or_default(),
            audience: set("ACCESS_AUDIENCE").map(|name| name.trim().to_owned()),
        })
    }

    /// `open` or `required`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        if self.is_required { "required" } else { "open" }
    }

    /// The pass of the static key that has this hash.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn pass_of_key(&self, hash: &Hash, now: Millis) -> Result<Pass, Refusal> {
        keys::pass_of(&self.keys, hash, now)
    }

    /// The pass of a token whose signature by this key was verified.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn pass_of_token(&self, token: &Signed, signer: &Jwk, now: Millis) -> Result<Pass, Refusal> {
        token.pass(signer, self.audience.as_deref(), now)
    }

    /// A pass from before, as it counts now: `None` if its key or issuer is not configured any
    /// more.
    #[must_use]
    pub fn renewed(&self, pass: &Pass) -> Option<Pass> {
        let key = self.keys.iter().find(|key| key.pass.voucher == pass.voucher);
        key.map(|key| key.pass.clone())
            .or_else(|| self.vouches(pass).then(|| pass.clone()))
    }

    /// Whether the key or issuer behind a pass is still configured.
    #[must_use]
    pub fn vouches(&self, pass: &Pass) -> bool {
        let mut keys = self.keys.iter().map(|key| key.pass.voucher);
        let mut signers = self.signers.iter().map(|signer| signer.voucher);
        keys.any(|voucher| voucher == pass.voucher) || signers.any(|voucher| voucher == pass.voucher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    const KEYS: &str =
        r#"[{"name":"desk","sha256":"66859b7ade4e68cb65041b88a7ad5214df71cdcfa27dff2efcc80a81e9ba5fa0"}]"#;

    /// The hash in [`KEYS`].
    fn hash() -> Hash {
        sha2::Sha256::digest("secret key").into()
    }

    fn access(vars: &[(&str, &str)]) -> Result<Access, AccessError> {
        Access::from_vars(&|name| {
            vars.iter()
                .find(|(of, _)| *of == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn access_is_open_until_there_are_keys() {
        assert!(!access(&[]).unwrap().is_required);
        assert!(access(&[("ACCESS_KEYS", KEYS)]).unwrap().is_required);
        assert!(
            !access(&[("ACCESS_KEYS", KEYS), ("ACCESS", "open")])
                .unwrap()
                .is_required
        );
        assert!(
            matches!(access(&[("ACCESS_KEYS", " ")]), Err(AccessError::Keys(_))),
            "set to nothing"
        );
        assert!(!access(&[("ACCESS_KEYS", ""), ("ACCESS", "open")]).unwrap().is_required);
        assert_eq!(access(&[("ACCESS", "required")]), Err(AccessError::NoKeys));
        assert_eq!(access(&[("ACCESS", "yes")]), Err(AccessError::Mode("yes".to_owned())));
        assert!(matches!(access(&[("ACCESS_KEYS", "{}")]), Err(AccessError::Keys(_))));
        assert!(matches!(access(&[("ACCESS_JWKS", "{}")]), Err(AccessError::Jwks(_))));
        assert!(matches!(
            access(&[("ALLOWED_ORIGINS", "x")]),
            Err(AccessError::Origin(_))
        ));
    }

    #[test]
    fn a_pass_counts_as_long_as_its_key_is_configured() {
        let access = access(&[("ACCESS_KEYS", KEYS)]).unwrap();
        let pass = access.pass_of_key(&hash(), 0).unwrap();
        assert!(access.vouches(&pass) && !Access::default().vouches(&pass));
        let wider = Pass {
            symbols: Some(Vec::new()),
            ..pass.clone()
        };
        assert_eq!(access.renewed(&wider), Some(pass), "as the key is configured now");
        assert_eq!(Access::default().renewed(&wider), None);
    }
}
