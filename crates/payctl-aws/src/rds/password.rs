//! The master user's password on its way from its secret to the cluster.

use std::fmt;

use serde_json::Value;

use crate::{Arn, AwsError, Cx, Present as _, Result};

/// A password that goes into a request, and cannot be written anywhere else.
pub(super) struct Password(String);

impl Password {
    /// The `password` of the JSON object that the secret's value is.
    pub(super) async fn of(cx: &Cx<'_>, secret: &Arn) -> Result<Self> {
        let request = cx.cloud.secretsmanager.get_secret_value().secret_id(secret);
        Self::parse(&request.send().await?.secret_string.present("secret_string")?)
    }

    fn parse(value: &str) -> Result<Self> {
        // What is wrong with it is not said: the words would repeat parts of the value.
        let value: Option<Value> = serde_json::from_str(value).ok();
        let password = value.as_ref().and_then(|value| value["password"].as_str());
        let password = password.ok_or_else(|| {
            AwsError::invalid("the value of the master user's secret has no text `password`")
        })?;
        Ok(Self(password.to_owned()))
    }

    /// The password, for a request and nothing else.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// The failure without the password, should AWS's words repeat it.
    pub(super) fn redact(&self, error: AwsError) -> AwsError {
        error.without(&self.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::operation::create_db_cluster::CreateDbClusterInput;
    use aws_sdk_rds::operation::modify_db_cluster::ModifyDbClusterInput;
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
    use payctl_engine::{Failure, FailureKind};

    use super::*;

    const SECRET: &str = r#"{"username":"payments_admin","password":"canary\"Pass\\word"}"#;

    #[test]
    fn it_is_read_off_the_secret() {
        assert_eq!(Password::parse(SECRET).unwrap().reveal(), "canary\"Pass\\word");
    }

    #[test]
    fn a_secret_of_another_form_is_refused_without_its_value() {
        for value in ["canary", "\"canary\"", r#"{"password":["canary"]}"#, r#"{"pass":"canary"}"#]
        {
            let error = Password::parse(value).unwrap_err();
            assert_eq!(error.kind(), FailureKind::Invalid);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    /// Ours and those of the SDK, which the password passes through.
    #[test]
    fn no_type_shows_it() {
        let password = Password::parse(SECRET).unwrap();
        let reply = GetSecretValueOutput::builder().secret_string(SECRET);
        let create = CreateDbClusterInput::builder().master_user_password(password.reveal());
        let modify = ModifyDbClusterInput::builder().master_user_password(password.reveal());
        let shown = [
            format!("{password:?}"),
            format!("{reply:?} {:?}", reply.clone().build()),
            format!("{create:?} {:?}", create.clone().build()),
            format!("{modify:?} {:?}", modify.clone().build()),
        ];
        assert!(shown.iter().all(|text| !text.contains("canary")), "{shown:#?}");
    }

    #[test]
    fn a_failure_does_not_repeat_it() {
        let password = Password::parse(SECRET).unwrap();
        let told = |message: String| {
            let failure = Failure::new(FailureKind::Invalid, message).with_code("Validation");
            Failure::from(password.redact(failure.into())).to_string()
        };
        assert_eq!(told("too long".to_owned()), "Validation: too long");
        for repeated in [password.reveal(), SECRET] {
            let text = told(format!("'{repeated}' is too long"));
            assert!(!text.contains("canary") && text.starts_with("Validation: "), "{text}");
        }
    }
}
