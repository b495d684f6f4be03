//! Where a team keeps its states, as `[state]` of `payctl.toml` says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::BadValue;
use crate::settings::is_region;

/// Where the states of a team are; in a folder of this machine where no bucket is named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharedState {
    /// The bucket.
    pub bucket: Option<String>,
    /// What its objects' names begin with; `payctl` where nothing is said.
    pub prefix: Option<String>,
    /// The bucket's region, where it is another than the environments'.
    pub region: Option<String>,
    /// The key that states are encrypted with: its id, ARN or alias.
    pub kms_key: Option<String>,
    /// The profile of the AWS configuration that the bucket is reached with, where it is another.
    pub profile: Option<String>,
    /// A role to assume for the bucket, where it is another.
    pub role_arn: Option<String>,
    /// Another endpoint for the bucket, of a store that speaks as S3 does.
    pub endpoint_url: Option<String>,
}

impl SharedState {
    /// What the bucket's objects' names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or("payctl")
    }

    /// Checks what types cannot say.
    pub(crate) fn check(&self) -> Result<(), BadValue> {
        let Self { bucket, prefix, region, kms_key, profile, role_arn, endpoint_url } = self;
        let further = [
            ("prefix", prefix),
            ("region", region),
            ("kms_key", kms_key),
            ("profile", profile),
            ("role_arn", role_arn),
            ("endpoint_url", endpoint_url),
        ];
        let bad = |name: &str, value: &str, rule: &str| BadValue {
            key: format!("state.{name}"),
            value: format!("{value:?}"),
            rule: rule.to_owned(),
        };
        for (name, value) in further {
            match value {
                Some(value) if value.is_empty() => {
                    return Err(bad(name, value, "left out, or said"));
                }
                Some(value) if bucket.is_none() => {
                    return Err(bad(name, value, "with `bucket`, which names the bucket"));
                }
                _ => {}
            }
        }
        if let Some(bucket) = bucket.as_ref().filter(|bucket| !is_bucket(bucket)) {
            let rule = "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens, without \
                        s3:// before it";
            return Err(bad("bucket", bucket, rule));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if let Some(prefix) = prefix
            && !(prefix.chars().all(plain) && prefix.split('/').all(|part| !part.is_empty()))
        {
            let rule = "made of letters, digits, - _ . and single slashes inside";
            return Err(bad("prefix", prefix, rule));
        }
        if let Some(region) = region.as_ref().filter(|region| !is_region(region)) {
            return Err(bad("region", region, "a region, such as us-east-1"));
        }
        let is_url = |url: &&String| url.starts_with("http://") || url.starts_with("https://");
        if let Some(url) = endpoint_url.as_ref().filter(|url| !is_url(url)) {
            return Err(bad("endpoint_url", url, "written like https://127.0.0.1:9000"));
        }
        Ok(())
    }
}

/// Whether S3 would take the name (S3's guide, "General purpose bucket naming rules", read
/// 2026-12-01).
fn is_bucket(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let ends = outer(name.chars().next()) && outer(name.chars().next_back());
    (3..=63).contains(&name.len()) && name.chars().all(inner) && ends && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(value: &Value) -> Result<(), String> {
        let state: SharedState = serde_json::from_value(value.clone()).unwrap();
        state.check().map_err(|bad| bad.key)
    }

    #[test]
    fn what_s3_would_refuse_is_refused() {
        assert_eq!(of(&json!({})), Ok(()));
        let all = json!({ "bucket": "payments-state", "prefix": "a/b_c", "region": "eu-west-1" });
        assert_eq!(of(&all), Ok(()));
        for (key, value) in [
            ("bucket", "s3://payments-state"),
            ("bucket", "Payments"),
            ("bucket", "ab"),
            ("bucket", "a..b"),
            ("bucket", "-ab"),
            ("prefix", "/a"),
            ("prefix", "a//b"),
            ("prefix", "a b"),
            ("region", "Mars"),
            ("kms_key", ""),
            ("endpoint_url", "localhost"),
        ] {
            let mut state = all.clone();
            state[key] = value.into();
            assert_eq!(of(&state), Err(format!("state.{key}")), "{value}");
        }
        assert_eq!(of(&json!({ "kms_key": "alias/a" })), Err("state.kms_key".to_owned()));
    }
}
