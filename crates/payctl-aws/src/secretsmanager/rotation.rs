//! Rotations: which function gives a secret a new value, and how often.

use aws_sdk_secretsmanager::types::RotationRulesType;

use super::secret::{ON_ITS_WAY, describe};
use crate::prelude::*;

/// Which function gives a secret a new value, and how often.
///
/// The first time is when the days are over: what the function changes need not be there yet when
/// this is made.
#[kind(
    "secretsmanager.rotation",
    outputs(secret: Arn),
    stable(secret),
    repeat = Token,
    look = "secretsmanager:DescribeSecret",
    create = "secretsmanager:RotateSecret",
    change = "secretsmanager:RotateSecret",
    delete = "secretsmanager:CancelRotateSecret",
    // Asked for of whoever sets up a rotation.
    delegated = [("lambda:InvokeFunction", "function", "secretsmanager")],
)]
pub struct Rotation {
    #[prop(replaces, unique, parent, serial)]
    pub secret: Input<Arn>,
    pub function: Input<Arn>,
    #[prop(range(1..=1000), source = "RotateSecret.rotation_rules.automatically_after_days")]
    pub automatically_after_days: u32,
    /// How long the window is within which it begins, such as `3h`.
    #[prop(length(2..=3), pattern = r"[0-9]+h", source = "RotateSecret.rotation_rules.duration")]
    pub duration: String,
}

impl Resource for Rotation {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RotationOutputs>> {
        let Ok(secret) = self.secret.get() else { return Ok(Vec::new()) };
        let known = RotationOutputs { secret: secret.clone() };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &RotationOutputs) -> Result<Option<Self>> {
        let seen = describe(cx, known.secret.as_str()).await?;
        // Of one that was cancelled, AWS tells the function and the rules all the same.
        let seen = seen.filter(|seen| seen.rotation_enabled == Some(true));
        Ok(seen.map(|seen| {
            let rules = seen.rotation_rules.as_ref();
            let days = rules.and_then(RotationRulesType::automatically_after_days);
            let duration = rules.and_then(RotationRulesType::duration);
            Self {
                secret: known.secret.clone().into(),
                function: Arn::from(seen.rotation_lambda_arn.unwrap_or_default()).into(),
                automatically_after_days: days.and_then(|d| d.try_into().ok()).unwrap_or_default(),
                duration: duration.unwrap_or_default().to_owned(),
            }
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RotationOutputs> {
        let secret = self.secret.get()?;
        self.set(cx, secret).await?;
        Ok(RotationOutputs { secret: secret.clone() })
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RotationOutputs, _: &Changed) -> Result<()> {
        self.set(cx, &known.secret).await
    }

    async fn delete(cx: &Cx<'_>, known: &RotationOutputs) -> Result<()> {
        // One under way is broken off: a stack is to go at once, and its database with it.
        let request = cx.cloud.secretsmanager.cancel_rotate_secret().secret_id(&known.secret);
        request.send().await.unless_absent(ON_ITS_WAY)?;
        Ok(())
    }
}

impl Rotation {
    /// Sets all of it, and has AWS try the function's `testSecret` rather than rotate at once.
    async fn set(&self, cx: &Cx<'_>, secret: &Arn) -> Result<()> {
        let rules = RotationRulesType::builder()
            .automatically_after_days(self.automatically_after_days.into())
            .duration(&self.duration)
            .build();
        let request = cx.cloud.secretsmanager.rotate_secret().secret_id(secret);
        request
            .client_request_token(cx.token)
            .rotation_lambda_arn(self.function.get()?)
            .rotation_rules(rules)
            .rotate_immediately(false)
            .send()
            .await?;
        Ok(())
    }
}
