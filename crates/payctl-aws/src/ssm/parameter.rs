//! Parameters: values that others look up by their name.

use aws_sdk_ssm::types::{ParameterTier, ParameterType, ResourceTypeForTagging, Tag};
use payctl_engine::FailureKind;

use crate::prelude::*;

/// A value that others look up by its name.
///
/// Never a secret: everybody who may read it sees it in plain text, and so do plans and the state.
/// `SecureString` is not offered; secrets are for Secrets Manager.
#[kind(
    "ssm.parameter",
    outputs(name: ParameterName, arn: Arn),
    stable(name, arn),
    look = "ssm:DescribeParameters GetParameters ListTagsForResource",
    create = "ssm:AddTagsToResource PutParameter",
    change = "ssm:AddTagsToResource PutParameter RemoveTagsFromResource",
    delete = "ssm:DeleteParameter",
    unscoped = "ssm:DescribeParameters",
    on = "arn:{partition}:ssm:{region}:{account}:parameter{name}",
)]
pub struct Parameter {
    /// A path, such as `/payment/main/table-name`.
    #[prop(replaces, unique, length(1..=2048), source = "PutParameter.name")]
    pub name: String,
    #[prop(length(..=1024), source = "PutParameter.description")]
    pub description: String,
    pub value: Input<String>,
    /// `Standard`, or `Advanced`, which costs. AWS takes an advanced one back by no call.
    #[prop(
        replaces,
        one_of("Standard", "Advanced", "Intelligent-Tiering"),
        source = "PutParameter.tier"
    )]
    pub tier: String,
    pub tags: Tags,
}

id! {
    /// A parameter's name.
    ParameterName,
}

const GONE: &str = "ParameterNotFound";

impl Resource for Parameter {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ParameterOutputs>> {
        let seen = cx.cloud.parameters.load(&self.name).await?;
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &ParameterOutputs) -> Result<Option<Self>> {
        let name = known.name.as_str();
        let (seen, tags) = futures::try_join!(cx.cloud.parameters.load(name), tags(cx, name))?;
        let Some((seen, listed)) = seen else { return Ok(None) };
        let (Some(listed), Some(tags)) = (listed, tags) else {
            // The list is some seconds behind.
            return Err(AwsError::pending("the new parameter to be listed"));
        };
        Ok(Some(Self {
            name: name.to_owned(),
            description: listed.description.unwrap_or_default(),
            value: seen.value.present("value")?.into(),
            tier: listed.tier.unwrap_or(ParameterTier::Standard).as_str().to_owned(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ParameterOutputs> {
        if !self.name.starts_with('/') {
            return Err(AwsError::invalid(format!("{} does not begin with a slash", self.name)));
        }
        let request = self.put(cx, false)?.set_tags(Some(written(&self.tags)?));
        match request.send().await.map_err(AwsError::from) {
            // A name is free 30 s after the deletion of its parameter.
            Err(error)
                if error.kind() == FailureKind::Conflict
                    && cx.cloud.parameters.load(&self.name).await?.is_none() =>
            {
                Err(AwsError::pending("the name to be free, up to 30 s after its deletion"))
            }
            answer => answer.map(|_| self.outputs(cx)),
        }
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ParameterOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["description", "value"]) {
            self.put(cx, true)?.send().await?;
        }
        if changed.has("tags") {
            replace_tags(cx, known.name.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ParameterOutputs) -> Result<()> {
        let request = cx.cloud.ssm.delete_parameter().name(&known.name);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Parameter {
    /// The call that sets all but the tags. It takes those only where it makes the parameter.
    fn put(
        &self,
        cx: &Cx<'_>,
        overwrite: bool,
    ) -> Result<aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder> {
        let request = cx.cloud.ssm.put_parameter().name(&self.name).overwrite(overwrite);
        // The tier by name: an account may have another default, which costs.
        Ok(request
            .description(&self.description)
            .value(self.value.get()?)
            .r#type(ParameterType::String)
            .tier(self.tier.as_str().into()))
    }

    fn outputs(&self, cx: &Cx<'_>) -> ParameterOutputs {
        let arn = cx.cloud.facts.arn("ssm", &format!("parameter{}", self.name));
        ParameterOutputs { name: self.name.as_str().into(), arn }
    }
}

async fn tags(cx: &Cx<'_>, name: &str) -> Result<Option<Tags>> {
    let request = cx.cloud.ssm.list_tags_for_resource().resource_id(name);
    let request = request.resource_type(ResourceTypeForTagging::Parameter);
    let Some(reply) = request.send().await.unless_absent("InvalidResourceId")? else {
        return Ok(None);
    };
    let tags = reply.tag_list().iter().filter(|tag| !crate::is_ignored(tag.key()));
    Ok(Some(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()))
}

async fn replace_tags(cx: &Cx<'_>, name: &str, wanted: &Tags) -> Result<()> {
    let ssm = &cx.cloud.ssm;
    let seen = tags(cx, name).await?.unwrap_or_default();
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    let request = ssm.add_tags_to_resource().resource_id(name);
    let request = request.resource_type(ResourceTypeForTagging::Parameter);
    request.set_tags(Some(written(wanted)?)).send().await?;
    if !surplus.is_empty() {
        let request = ssm.remove_tags_from_resource().resource_id(name);
        let request = request.resource_type(ResourceTypeForTagging::Parameter);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}
