//! Permissions: who may call a function, one statement of its policy each.

use serde_json::Value;

use super::FunctionName;
use crate::prelude::*;

/// One statement of a function's policy: who may call it, and on whose behalf.
#[kind(
    "lambda.permission",
    outputs(function: FunctionName, statement: String),
    stable(function, statement),
    look = "lambda:GetPolicy",
    create = "lambda:AddPermission",
    delete = "lambda:RemovePermission",
)]
pub struct Permission {
    #[prop(replaces, unique, parent, serial)]
    pub function: Input<FunctionName>,
    /// The statement's id, unique within the function.
    #[prop(
        replaces, unique,
        length(1..=100), pattern = r"([a-zA-Z0-9-_]+)",
        source = "AddPermission.statement_id"
    )]
    pub statement: String,
    /// Such as `lambda:InvokeFunction`.
    #[prop(
        replaces,
        length(..=10_000), pattern = r"(lambda:[*]|lambda:[a-zA-Z]+|[*])",
        source = "AddPermission.action"
    )]
    pub action: String,
    /// Such as `s3.amazonaws.com`.
    #[prop(replaces, length(..=2048), source = "AddPermission.principal")]
    pub principal: String,
    /// The bucket, API or rule on whose behalf the principal may call.
    #[prop(replaces)]
    pub source_arn: Option<Input<Arn>>,
    /// The account of the source: a bucket's ARN does not name it.
    #[prop(replaces)]
    pub source_account: Option<Input<String>>,
}

impl Resource for Permission {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<PermissionOutputs>> {
        let Ok(function) = self.function.get() else { return Ok(Vec::new()) };
        let (function, statement) = (function.clone(), self.statement.clone());
        let known = PermissionOutputs { function, statement };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &PermissionOutputs) -> Result<Option<Self>> {
        let text = cx.cloud.function_policies.load(&known.function).await?;
        let Some(text) = text else { return Ok(None) };
        let policy: Value = serde_json::from_str(&text)
            .map_err(|source| AwsError::unexpected("function policy", source))?;
        let statements = policy.get("Statement").and_then(Value::as_array);
        let sid = Some(known.statement.as_str());
        let seen = statements
            .into_iter()
            .flatten()
            .find(|statement| statement.get("Sid").and_then(Value::as_str) == sid);
        seen.map(|seen| from_statement(known, seen)).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<PermissionOutputs> {
        let function = self.function.get()?;
        let source_arn = self.source_arn.as_ref().map(Input::get).transpose()?;
        let source_account = self.source_account.as_ref().map(Input::get).transpose()?;
        let request = cx.cloud.lambda.add_permission().function_name(function);
        request
            .statement_id(&self.statement)
            .action(&self.action)
            .principal(&self.principal)
            .set_source_arn(source_arn.map(String::from))
            .set_source_account(source_account.cloned())
            .send()
            .await?;
        Ok(PermissionOutputs { function: function.clone(), statement: self.statement.clone() })
    }

    async fn converge(&self, _: &Cx<'_>, _: &PermissionOutputs, _: &Changed) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &PermissionOutputs) -> Result<()> {
        let request = cx.cloud.lambda.remove_permission().function_name(&known.function);
        let request = request.statement_id(&known.statement);
        request.send().await.unless_absent("ResourceNotFoundException")?;
        Ok(())
    }
}

/// The permission that a statement as AWS writes it grants.
fn from_statement(known: &PermissionOutputs, seen: &Value) -> Result<Permission> {
    let text = |path: &str| seen.pointer(path).and_then(Value::as_str);
    let principal = ["/Principal/Service", "/Principal/AWS", "/Principal"];
    let principal = principal.into_iter().find_map(text).present("a statement's principal")?;
    Ok(Permission {
        function: known.function.clone().into(),
        statement: known.statement.clone(),
        action: text("/Action").present("a statement's action")?.to_owned(),
        principal: principal.to_owned(),
        source_arn: text("/Condition/ArnLike/AWS:SourceArn").map(|arn| Arn::from(arn).into()),
        source_account: text("/Condition/StringEquals/AWS:SourceAccount").map(Input::from),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_reads_as_the_permission_it_grants() {
        let known =
            PermissionOutputs { function: "processor".into(), statement: "bucket".to_owned() };
        let statement = json!({
            "Sid": "bucket",
            "Effect": "Allow",
            "Principal": { "Service": "s3.amazonaws.com" },
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:processor",
            "Condition": {
                "StringEquals": { "AWS:SourceAccount": "123456789012" },
                "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::files" },
            },
        });
        let expected = Permission {
            function: FunctionName::from("processor").into(),
            statement: "bucket".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: "s3.amazonaws.com".to_owned(),
            source_arn: Some(Arn::from("arn:aws:s3:::files").into()),
            source_account: Some("123456789012".into()),
        };
        assert_eq!(from_statement(&known, &statement).unwrap(), expected);
    }
}
