//! Invocations: a function that is called once whenever it, or what it is called for, is another.
//!
//! A call leaves nothing that it could be seen by later. So a parameter is the receipt of it: what was
//! called, and for what. That is written once the function has answered; a call whose receipt was
//! not written is made again, which the function has to allow for.

use std::collections::BTreeMap;

use payctl_engine::{Failure, FailureKind, Unresolved};
use serde_json::Value;

use super::FunctionName;
use super::invoke::{Reply, invoke};
use crate::prelude::*;
use crate::ssm::{Parameter, ParameterOutputs, ParameterRef};

/// A call of a function that is made once for what it says here.
#[kind(
    "lambda.invocation",
    outputs = ParameterOutputs via ParameterRef,
    stable(name, arn),
    typical(0.4, 3.0, 0.4),
    look = "ssm:DescribeParameters GetParameters ListTagsForResource",
    create = "ssm:AddTagsToResource PutParameter",
    change = "lambda:InvokeFunction ssm:AddTagsToResource PutParameter RemoveTagsFromResource",
    delete = "ssm:DeleteParameter",
    unscoped = "ssm:DescribeParameters",
    on = "arn:{partition}:ssm:{region}:{account}:parameter{receipt}",
    extra_resources = [("lambda:InvokeFunction", "function")],
)]
pub struct Invocation {
    /// The parameter that says what was called: a path, such as `/payment/main/schema`.
    #[prop(replaces, unique)]
    pub receipt: String,
    /// That of the parameter.
    pub description: String,
    /// The parameter's tier.
    #[prop(replaces)]
    pub tier: String,
    // The parameter is the one call that creates; the function is called after it, and again
    // where that was broken off.
    #[prop(later)]
    pub function: Input<FunctionName>,
    /// What it is called with: JSON.
    #[prop(later)]
    pub payload: String,
    /// What it is called again for when it is another, such as the function's code.
    #[prop(later)]
    pub triggers: BTreeMap<String, Input<String>>,
    pub tags: Tags,
}

/// What the parameter holds. Nothing, as long as the function has not answered.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Receipt {
    function: String,
    payload: String,
    triggers: BTreeMap<String, String>,
}

const NOT_CALLED: &str = "{}";

impl Resource for Invocation {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ParameterOutputs>> {
        self.parameter(NOT_CALLED.to_owned()).find(cx).await
    }

    async fn read(cx: &Cx<'_>, known: &ParameterOutputs) -> Result<Option<Self>> {
        let Some(seen) = Parameter::read(cx, known).await? else { return Ok(None) };
        // What others wrote into it is no receipt.
        let receipt: Receipt = serde_json::from_str(seen.value.get()?).unwrap_or_default();
        let triggers = receipt.triggers.into_iter();
        Ok(Some(Self {
            receipt: seen.name,
            description: seen.description,
            tier: seen.tier,
            function: FunctionName::from(receipt.function).into(),
            payload: receipt.payload,
            triggers: triggers.map(|(name, value)| (name, Input::Known(value))).collect(),
            tags: seen.tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ParameterOutputs> {
        self.parameter(NOT_CALLED.to_owned()).create(cx).await
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ParameterOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let called = changed.any(Self::INFO.set_later);
        if called {
            let function = self.function.get()?;
            let payload = self.payload.as_bytes().to_vec();
            let reply = invoke(cx.cloud, function.as_str(), payload).await?;
            self.check(function, &reply)?;
        }
        let of_parameter = ["description", "tags"].into_iter().filter(|name| changed.has(name));
        let of_parameter = Changed::new(of_parameter.chain(called.then_some("value")));
        self.parameter(self.written()?).converge(cx, known, &of_parameter).await
    }

    /// What the function did stays done.
    async fn delete(cx: &Cx<'_>, known: &ParameterOutputs) -> Result<()> {
        Parameter::delete(cx, known).await
    }
}

impl Invocation {
    fn parameter(&self, value: String) -> Parameter {
        Parameter {
            name: self.receipt.clone(),
            description: self.description.clone(),
            value: value.into(),
            tier: self.tier.clone(),
            tags: self.tags.clone(),
        }
    }

    /// The receipt of the call, as the parameter holds it.
    fn written(&self) -> Result<String> {
        let triggers = self.triggers.iter();
        let triggers = triggers.map(|(name, value)| Ok((name.clone(), value.get()?.clone())));
        let receipt = Receipt {
            function: self.function.get()?.to_string(),
            payload: self.payload.clone(),
            triggers: triggers.collect::<Result<_, Unresolved>>()?,
        };
        serde_json::to_string(&receipt).map_err(|source| AwsError::unexpected("receipt", source))
    }

    /// Fails as the function did, in its own words.
    fn check(&self, function: &FunctionName, reply: &Reply) -> Result<()> {
        if reply.error.is_none() {
            return Ok(());
        }
        let said: Value = serde_json::from_str(&reply.payload).unwrap_or_default();
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let failure = Failure::new(
            FailureKind::Invalid,
            format!(
                "{} (`payctl invoke {function} -v --payload '{}'` shows what it logs)",
                text("errorMessage").unwrap_or(&reply.payload),
                self.payload
            ),
        );
        Err(AwsError::from(Failure {
            operation: Some("Invoke".to_owned()),
            code: text("errorType").map(str::to_owned),
            ..failure
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation() -> Invocation {
        let trigger = |name: &str, value: &str| (name.to_owned(), Input::from(value));
        Invocation {
            receipt: "/payment/main/schema".to_owned(),
            description: String::new(),
            tier: "Standard".to_owned(),
            function: FunctionName::from("processing").into(),
            payload: r#"{"migrate":true}"#.to_owned(),
            triggers: [trigger("code", "a1"), trigger("database", "b2")].into(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn a_receipt_says_what_was_called_and_for_what() {
        let written = invocation().written().unwrap();
        let wanted = r#"{"function":"processing","payload":"{\"migrate\":true}","triggers":{"code":"a1","database":"b2"}}"#;
        assert_eq!(written, wanted);
    }

    #[test]
    fn a_function_that_fails_is_quoted() {
        let function = FunctionName::from("processing");
        let check = |payload: &str, error: Option<&str>| {
            let error = error.map(str::to_owned);
            let reply = Reply { payload: payload.to_owned(), log: String::new(), error };
            invocation().check(&function, &reply).map_err(|error| error.to_string())
        };
        assert_eq!(check("{}", None), Ok(()));
        let answer = r#"{"errorType":"MigrationError","errorMessage":"not now"}"#;
        let said = check(answer, Some("Unhandled")).unwrap_err();
        assert_eq!(
            said,
            "Invoke: MigrationError: not now (`payctl invoke processing -v --payload \
             '{\"migrate\":true}'` shows what it logs)"
        );
        let said = check("Bad gateway", Some("Unhandled")).unwrap_err();
        assert!(said.starts_with("Invoke: Bad gateway ("), "{said}");
    }
}
