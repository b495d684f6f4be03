//! KMS aliases: a name for a key.

use super::KeyId;
use super::look::describe;
use crate::prelude::*;

/// A name for a key.
#[kind(
    "kms.alias",
    outputs(name: AliasName, arn: Arn),
    stable(name, arn),
    look = "kms:DescribeKey ListResourceTags",
    create = "kms:CreateAlias",
    change = "kms:UpdateAlias",
    delete = "kms:DeleteAlias",
    on = [
        "arn:{partition}:kms:{region}:{account}:{name}",
        "arn:{partition}:kms:{region}:{account}:key/*",
    ],
)]
pub struct Alias {
    /// The name, which begins with `alias/`.
    #[prop(
        replaces, unique,
        length(1..=256), pattern = r"^[a-zA-Z0-9:/_-]+$",
        source = "CreateAlias.alias_name"
    )]
    pub name: String,
    #[prop(parent)]
    pub key: Input<KeyId>,
}

id! {
    /// An alias's name, such as `alias/payments`.
    AliasName,
}

impl Resource for Alias {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<AliasOutputs>> {
        let seen = describe(cx, &self.name).await?;
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &AliasOutputs) -> Result<Option<Self>> {
        // The key it points to, pending deletion or not: an alias goes before its key does.
        let seen = describe(cx, known.name.as_str()).await?;
        Ok(seen
            .map(|key| Self { name: known.name.to_string(), key: KeyId::from(key.key_id).into() }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<AliasOutputs> {
        let request = cx.cloud.kms.create_alias().alias_name(&self.name);
        request.target_key_id(self.key.get()?).send().await?;
        Ok(self.outputs(cx))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &AliasOutputs, changed: &Changed) -> Result<()> {
        if changed.has("key") {
            let request = cx.cloud.kms.update_alias().alias_name(&known.name);
            request.target_key_id(self.key.get()?).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &AliasOutputs) -> Result<()> {
        let request = cx.cloud.kms.delete_alias().alias_name(&known.name);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Alias {
    fn outputs(&self, cx: &Cx<'_>) -> AliasOutputs {
        let arn = cx.cloud.facts.arn("kms", &self.name);
        AliasOutputs { name: self.name.as_str().into(), arn }
    }
}
