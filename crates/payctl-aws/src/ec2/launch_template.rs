//! Launch templates: what instances are started as, kept in versions of which one is the default.

use aws_sdk_ec2::types::{
    self, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataEndpointState, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateTagSpecification, LaunchTemplateTagSpecificationRequest, LaunchTemplateVersion,
    LaunchTemplatesMonitoringRequest, RequestLaunchTemplateData, ResourceType,
    ResponseLaunchTemplateData, ValidationWarning,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use payctl_engine::Unresolved;

use super::bulk::among;
use super::{SecurityGroupId, tags};
use crate::prelude::*;

/// What instances are started as.
#[kind(
    "ec2.launch_template",
    outputs(id: LaunchTemplateId, name: String),
    stable(name),
    repeat = Token,
    look = "ec2:DescribeLaunchTemplateVersions DescribeLaunchTemplates",
    create = "ec2:CreateLaunchTemplate CreateTags",
    change = "ec2:CreateLaunchTemplateVersion CreateTags DeleteTags DescribeTags \
        ModifyLaunchTemplate",
    delete = "ec2:DeleteLaunchTemplate",
    on = "*",
)]
pub struct LaunchTemplate {
    #[prop(replaces, unique)]
    pub name: String,
    pub image: ImageId,
    /// Such as `t3.small`.
    pub instance_type: String,
    /// The instance profile whose role they act as.
    pub profile: Input<Arn>,
    // EC2 lets a security group go that a template names, but not one that instances are in. Where
    // one is made anew, the Auto Scaling group that started those has to go first, and holds this.
    #[prop(holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    pub disk: Disk,
    pub metadata: Metadata,
    /// Whether CloudWatch is told of them every minute instead of every five.
    pub monitoring: bool,
    /// What they run when they start first; empty for nothing.
    pub user_data: String,
    /// What the instances carry besides what the group that starts them gives them. Ours is what
    /// that group's tags say; these are plain.
    pub instance_tags: Tags,
    /// What their disks carry, to which a group gives none of its tags: whose they are has to be
    /// among them. A disk goes with its instance.
    pub volume_tags: Tags,
    /// The template's own.
    pub tags: Tags,
}

/// The disk that an instance starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// The name that the image gives it, such as `/dev/xvda`.
    pub device: String,
    pub size_gb: u32,
    /// Such as `gp3`.
    pub volume_type: String,
    pub encrypted: bool,
    /// The key that it is encrypted with; EBS's own when unset.
    pub kms_key: Option<Input<Arn>>,
    pub delete_on_termination: bool,
}

/// How an instance is told about itself, its role's credentials included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Whether it is told at all.
    pub enabled: bool,
    /// `required` answers only who shows a session's token (IMDSv2), `optional` everyone.
    pub tokens: String,
    /// How many hosts away a token may be used: 1 keeps it from containers.
    pub hops: u32,
}

id! {
    /// An image's id, such as `ami-0a1b2c`.
    ImageId,
    /// A launch template's id, such as `lt-0a1b2c`.
    LaunchTemplateId,
}

const GONE: &str = "InvalidLaunchTemplateId.NotFound";
const LATEST: &str = "$Latest";
const DEFAULT: &str = "$Default";

impl Resource for LaunchTemplate {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<LaunchTemplateOutputs>> {
        let named = among("launch-template-name", [&self.name]);
        let reply = cx.cloud.ec2.describe_launch_templates().filters(named).send().await?;
        reply.launch_templates().iter().map(LaunchTemplateOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &LaunchTemplateOutputs) -> Result<Option<Self>> {
        let (version, template) =
            futures::try_join!(version(cx, known, DEFAULT), template(cx, known))?;
        let (Some(version), Some(template)) = (version, template) else { return Ok(None) };
        Ok(Some(Self { tags: tags::all(template.tags()), ..Self::try_from(&version)? }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<LaunchTemplateOutputs> {
        let request = cx.cloud.ec2.create_launch_template().client_token(cx.token);
        let reply = request
            .launch_template_name(&self.name)
            .launch_template_data(self.data()?)
            .tag_specifications(tags::on_create(ResourceType::LaunchTemplate, &self.tags))
            .send()
            .await?;
        warn(&self.name, reply.warning());
        LaunchTemplateOutputs::try_from(&reply.launch_template.present("launch_template")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &LaunchTemplateOutputs,
        changed: &Changed,
    ) -> Result<()> {
        // A version cannot be changed: a new one is made, and becomes the default. A run that dies
        // between the two leaves it as the latest, where the next one finds it. The old ones stay:
        // instances name the one they were started from, a hand can go back to the one before, and
        // EC2 keeps thousands of a template.
        if changed.names().any(|name| name != "tags") {
            let latest = version(cx, known, LATEST).await?;
            let latest = latest.ok_or_else(|| AwsError::not_visible("the launch template"))?;
            let latest = match self.is_as(&latest)? {
                true => latest,
                false => self.add_version(cx, known).await?,
            };
            if latest.default_version() != Some(true) {
                let number = latest.version_number().present("version_number")?;
                let request = cx.cloud.ec2.modify_launch_template().launch_template_id(&known.id);
                request.default_version(number.to_string()).send().await?;
            }
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &LaunchTemplateOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_launch_template().launch_template_id(&known.id);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl LaunchTemplate {
    /// Whether `version` says what is declared, the template's own tags aside.
    fn is_as(&self, version: &LaunchTemplateVersion) -> Result<bool> {
        Ok(Self { tags: self.tags.clone(), ..Self::try_from(version)? } == *self)
    }

    async fn add_version(
        &self,
        cx: &Cx<'_>,
        known: &LaunchTemplateOutputs,
    ) -> Result<LaunchTemplateVersion> {
        // All of it, and nothing of an earlier version: who made that, and of what, is no matter.
        let request = cx.cloud.ec2.create_launch_template_version().client_token(cx.token);
        let request = request.launch_template_id(&known.id).launch_template_data(self.data()?);
        let reply = request.send().await?;
        warn(&self.name, reply.warning());
        reply.launch_template_version.present("launch_template_version")
    }

    fn data(&self) -> Result<RequestLaunchTemplateData> {
        let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder()
            .arn(self.profile.get()?)
            .build();
        let groups = self.security_groups.iter().map(|group| group.get().map(String::from));
        let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder()
            .http_endpoint(self.metadata.endpoint())
            .http_tokens(self.metadata.tokens.as_str().into())
            .http_put_response_hop_limit(self.metadata.hops.cast_signed())
            .build();
        let monitoring =
            LaunchTemplatesMonitoringRequest::builder().enabled(self.monitoring).build();
        let user_data = STANDARD.encode(&self.user_data);
        // EC2 refuses one without a tag.
        let tags = [
            (ResourceType::Instance, &self.instance_tags),
            (ResourceType::Volume, &self.volume_tags),
        ];
        let tags = tags.into_iter().filter(|(_, tags)| !tags.is_empty()).map(|(sort, tags)| {
            LaunchTemplateTagSpecificationRequest::builder()
                .resource_type(sort)
                .set_tags(Some(tags::list(tags)))
                .build()
        });
        Ok(RequestLaunchTemplateData::builder()
            .image_id(self.image.as_str())
            .instance_type(self.instance_type.as_str().into())
            .iam_instance_profile(profile)
            .set_security_group_ids(Some(groups.collect::<Result<_, Unresolved>>()?))
            .block_device_mappings(self.disk.written()?)
            .metadata_options(metadata)
            .monitoring(monitoring)
            .set_user_data(Some(user_data).filter(|text| !text.is_empty()))
            .set_tag_specifications(Some(tags.collect()))
            .build())
    }
}

impl Disk {
    fn written(&self) -> Result<LaunchTemplateBlockDeviceMappingRequest> {
        let key = self.kms_key.as_ref().map(Input::get).transpose()?;
        let ebs = LaunchTemplateEbsBlockDeviceRequest::builder()
            .volume_size(self.size_gb.cast_signed())
            .volume_type(self.volume_type.as_str().into())
            .encrypted(self.encrypted)
            .set_kms_key_id(key.map(String::from))
            .delete_on_termination(self.delete_on_termination)
            .build();
        let mapping = LaunchTemplateBlockDeviceMappingRequest::builder();
        Ok(mapping.device_name(&self.device).ebs(ebs).build())
    }
}

impl Metadata {
    fn endpoint(&self) -> LaunchTemplateInstanceMetadataEndpointState {
        match self.enabled {
            true => LaunchTemplateInstanceMetadataEndpointState::Enabled,
            false => LaunchTemplateInstanceMetadataEndpointState::Disabled,
        }
    }
}

async fn version(
    cx: &Cx<'_>,
    known: &LaunchTemplateOutputs,
    which: &str,
) -> Result<Option<LaunchTemplateVersion>> {
    let request = cx.cloud.ec2.describe_launch_template_versions().launch_template_id(&known.id);
    let reply = request.versions(which).send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.launch_template_versions?.into_iter().next()))
}

async fn template(
    cx: &Cx<'_>,
    known: &LaunchTemplateOutputs,
) -> Result<Option<types::LaunchTemplate>> {
    let request = cx.cloud.ec2.describe_launch_templates().launch_template_ids(&known.id);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.launch_templates?.into_iter().next()))
}

/// EC2 takes a template that nothing can be started from, and says so beside its answer.
fn warn(template: &str, warning: Option<&ValidationWarning>) {
    for error in warning.iter().flat_map(|warning| warning.errors()) {
        let (code, why) = (error.code(), error.message());
        tracing::warn!(template, code, why, "EC2 doubts the launch template");
    }
}

impl TryFrom<&LaunchTemplateVersion> for LaunchTemplate {
    type Error = AwsError;

    fn try_from(seen: &LaunchTemplateVersion) -> Result<Self> {
        let data = seen.launch_template_data().present("launch_template_data")?;
        let profile = data.iam_instance_profile();
        // A name is all there is where it was set by hand.
        let profile = profile.and_then(|profile| profile.arn().or(profile.name()));
        let groups = data.security_group_ids().iter();
        let user_data = STANDARD.decode(data.user_data().unwrap_or_default());
        let user_data = user_data.map_err(|source| AwsError::unexpected("user_data", source))?;
        let tags = |sort| specified(data.tag_specifications(), &sort);
        Ok(Self {
            name: seen.launch_template_name().present("launch_template_name")?.to_owned(),
            image: data.image_id().unwrap_or_default().into(),
            instance_type: data.instance_type().map_or("", |of| of.as_str()).to_owned(),
            profile: Arn::from(profile.unwrap_or_default()).into(),
            security_groups: groups.map(|id| SecurityGroupId::from(id.as_str()).into()).collect(),
            disk: Disk::from(data),
            metadata: Metadata::from(data),
            monitoring: data.monitoring().and_then(|it| it.enabled()).unwrap_or_default(),
            user_data: String::from_utf8_lossy(&user_data).into_owned(),
            instance_tags: tags(ResourceType::Instance),
            volume_tags: tags(ResourceType::Volume),
            tags: Tags::new(),
        })
    }
}

impl From<&ResponseLaunchTemplateData> for Disk {
    fn from(seen: &ResponseLaunchTemplateData) -> Self {
        let mapping = seen.block_device_mappings().first();
        let ebs = mapping.and_then(|mapping| mapping.ebs());
        let volume_type = ebs.and_then(|ebs| ebs.volume_type()).map_or("", |of| of.as_str());
        let size = ebs.and_then(|ebs| ebs.volume_size()).unwrap_or_default();
        let key = ebs.and_then(|ebs| ebs.kms_key_id());
        Self {
            device: mapping.and_then(|it| it.device_name()).unwrap_or_default().to_owned(),
            size_gb: size.cast_unsigned(),
            volume_type: volume_type.to_owned(),
            encrypted: ebs.and_then(|ebs| ebs.encrypted()).unwrap_or_default(),
            kms_key: key.map(|key| Arn::from(key).into()),
            delete_on_termination: ebs
                .and_then(|ebs| ebs.delete_on_termination())
                .unwrap_or_default(),
        }
    }
}

impl From<&ResponseLaunchTemplateData> for Metadata {
    fn from(seen: &ResponseLaunchTemplateData) -> Self {
        let options = seen.metadata_options();
        let tokens = options.and_then(|options| options.http_tokens());
        let hops = options.and_then(|options| options.http_put_response_hop_limit());
        let endpoint = options.and_then(|options| options.http_endpoint());
        Self {
            enabled: endpoint == Some(&LaunchTemplateInstanceMetadataEndpointState::Enabled),
            tokens: tokens.map_or("", LaunchTemplateHttpTokensState::as_str).to_owned(),
            hops: hops.unwrap_or_default().cast_unsigned(),
        }
    }
}

/// The tags that things of `sort` are given.
fn specified(all: &[LaunchTemplateTagSpecification], sort: &ResourceType) -> Tags {
    let of_sort = all.iter().filter(|one| one.resource_type() == Some(sort));
    of_sort.flat_map(|one| tags::all(one.tags())).collect()
}

impl TryFrom<&types::LaunchTemplate> for LaunchTemplateOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::LaunchTemplate) -> Result<Self> {
        Ok(Self {
            id: seen.launch_template_id().present("launch_template_id")?.into(),
            name: seen.launch_template_name().present("launch_template_name")?.to_owned(),
        })
    }
}
