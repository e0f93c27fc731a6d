//! JSON whose fields keep the order in which they are added, which is the order of Twelve Data's
//! own answers. Its official Python client depends on it: it takes the first field of a candle as
//! the candle's time.
//!
//! `serde_json::Value` sorts fields by name, unless a feature is enabled that would change all
//! other JSON of this Worker too.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    Number(f64),
    Text(Cow<'static, str>),
    List(Vec<Json>),
    Object(Object),
}

/// Fields in the order in which they were added. Add each name only once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(pub(crate) Vec<(Cow<'static, str>, Json)>);

impl Object {
    pub(crate) fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Json>) -> Object {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Omits the field if there is no value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Json>>) -> Object {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value)
    }
}

impl Json {
    /// The text of a string, or the JSON of any other value.
    pub(crate) fn plain(&self) -> String {
        if let Json::Text(text) = self {
            text.clone().into_owned()
        } else {
            self.to_string()
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Integer(value) => serializer.serialize_u64(*value),
            Json::Number(value) => serializer.serialize_f64(*value),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => serializer.collect_seq(items),
            Json::Object(Object(fields)) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Json {
        Json::Integer(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Json {
        Json::Integer(value.into())
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Json {
        Json::Number(value)
    }
}

impl From<&'static str> for Json {
    fn from(text: &'static str) -> Json {
        Json::Text(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text.into())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Json {
        Json::List(items)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Json {
        Json::Object(object)
    }
}
