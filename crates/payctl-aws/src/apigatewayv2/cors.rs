//! Cross-origin resource sharing: which pages browsers let call an API.

use aws_sdk_apigatewayv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AwsError, Result, Set};

/// Which pages browsers let call an API, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cors {
    /// Such as `https://shop.example.com`.
    pub allow_origins: Set<String>,
    /// Such as `POST`.
    pub allow_methods: Set<String>,
    /// In lower case, such as `content-type`.
    pub allow_headers: Set<String>,
    /// Which of the answer's headers a page may see, in lower case.
    pub expose_headers: Set<String>,
    /// Whether cookies and the like come along.
    pub allow_credentials: bool,
    /// How long a browser may remember the answer to its question; 0 is not at all.
    pub max_age_s: u32,
}

impl Cors {
    pub(super) fn written(&self) -> Result<types::Cors> {
        let list = |items: &Set<String>| {
            let all: Vec<String> = items.iter().cloned().collect();
            (!all.is_empty()).then_some(all)
        };
        let max_age = i32::try_from(self.max_age_s)
            .map_err(|_| AwsError::invalid("an answer on origins is remembered too long"))?;
        Ok(types::Cors::builder()
            .set_allow_origins(list(&self.allow_origins))
            .set_allow_methods(list(&self.allow_methods))
            .set_allow_headers(list(&self.allow_headers))
            .set_expose_headers(list(&self.expose_headers))
            .allow_credentials(self.allow_credentials)
            .max_age(max_age)
            .build())
    }
}

impl From<&types::Cors> for Cors {
    fn from(seen: &types::Cors) -> Self {
        // The case of a header's name means nothing.
        let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect();
        Self {
            allow_origins: seen.allow_origins().iter().cloned().collect(),
            allow_methods: seen.allow_methods().iter().cloned().collect(),
            allow_headers: lower(seen.allow_headers()),
            expose_headers: lower(seen.expose_headers()),
            allow_credentials: seen.allow_credentials().unwrap_or_default(),
            max_age_s: seen.max_age().unwrap_or_default().cast_unsigned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_in_lower_case_and_what_is_left_out_is_nothing() {
        let seen = types::Cors::builder().allow_headers("Content-Type").build();
        let cors = Cors::from(&seen);
        assert_eq!(cors.allow_headers, Set::from_iter(["content-type".to_owned()]));
        assert_eq!((cors.allow_origins.is_empty(), cors.max_age_s), (true, 0));
        let written = cors.written().map(|cors| cors.allow_origins.is_none());
        assert!(written.is_ok_and(|none| none));
    }
}
