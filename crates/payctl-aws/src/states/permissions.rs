//! What whoever uses a bucket of states has to be allowed.

use serde_json::{Value, json};

use crate::Facts;

/// What each run asks of the bucket itself.
const OF_BUCKET: [&str; 1] = ["s3:ListBucket"];
/// And of its objects.
const OF_OBJECTS: [&str; 3] = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"];
/// And of a key of one's own, in S3's name, for an object that is read and for one that is written:
/// re:Post, "s3-large-file-encryption-kms-key", read 2026-12-01.
const OF_KEY: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];
/// What `state init` and `state check` ask.
const OF_SETTINGS: [&str; 11] = [
    "s3:CreateBucket",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
];

/// A bucket of states, as a policy names it.
#[derive(Clone, Copy, Debug)]
pub struct StatePlace<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// What its objects' names begin with, without the slash behind it.
    pub prefix: &'a str,
    /// The key that states are encrypted with: its id, ARN or alias.
    pub kms_key: Option<&'a str>,
    /// The bucket's region.
    pub region: &'a str,
}

impl StatePlace<'_> {
    /// What every run needs that has its state there.
    #[must_use]
    pub fn to_use(&self, facts: &Facts) -> Vec<Value> {
        let Self { prefix, .. } = self;
        let bucket = self.arn(facts);
        let mut statements = vec![
            json!({
                "Sid": "StateBucket", "Effect": "Allow", "Action": OF_BUCKET, "Resource": [bucket],
            }),
            json!({
                "Sid": "State", "Effect": "Allow", "Action": OF_OBJECTS,
                "Resource": [format!("{bucket}/{prefix}/*")],
            }),
        ];
        statements.extend(self.kms_key.map(|key| self.key(key, facts)));
        statements
    }

    /// What makes the bucket right, and looks whether it is.
    #[must_use]
    pub fn to_init(&self, facts: &Facts) -> Vec<Value> {
        let actions = [&OF_BUCKET[..], &OF_SETTINGS].concat();
        vec![json!({
            "Sid": "StateInit", "Effect": "Allow", "Action": actions, "Resource": [self.arn(facts)],
        })]
    }

    fn arn(&self, facts: &Facts) -> String {
        format!("arn:{}:s3:::{}", facts.partition, self.bucket)
    }

    /// A policy that names an alias is about the alias and not about its key: a condition is about
    /// that (KMS's guide, "Use aliases to control access to KMS keys", read 2026-12-01).
    fn key(&self, key: &str, facts: &Facts) -> Value {
        let keys = format!("arn:{}:kms:{}:{}:key", facts.partition, self.region, facts.account);
        let mut statement = json!({ "Sid": "StateKey", "Effect": "Allow", "Action": OF_KEY });
        match key.find("alias/") {
            Some(at) => {
                statement["Resource"] = json!([format!("{keys}/*")]);
                statement["Condition"] =
                    json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": key[at..] } });
            }
            None if key.starts_with("arn:") => statement["Resource"] = json!([key]),
            None => statement["Resource"] = json!([format!("{keys}/{key}")]),
        }
        statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_as_a_policy_takes_it() {
        let facts = Facts {
            account: "123456789012".to_owned(),
            caller: String::new(),
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let of = |kms_key| {
            let place = StatePlace { bucket: "b", prefix: "p", kms_key, region: "eu-west-1" };
            let all = place.to_use(&facts);
            all.get(2).map(|one| (one["Resource"][0].clone(), one["Condition"].clone()))
        };
        let any = "arn:aws:kms:eu-west-1:123456789012:key/*";
        let alias = json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/a" } });
        assert_eq!(of(None), None);
        assert_eq!(of(Some("1-2")).unwrap().0, "arn:aws:kms:eu-west-1:123456789012:key/1-2");
        let arn = "arn:aws:kms:eu-west-1:210987654321:key/1-2";
        assert_eq!(of(Some(arn)), Some((arn.into(), Value::Null)));
        for key in ["alias/a", "arn:aws:kms:eu-west-1:123456789012:alias/a"] {
            assert_eq!(of(Some(key)), Some((any.into(), alias.clone())));
        }
    }
}
