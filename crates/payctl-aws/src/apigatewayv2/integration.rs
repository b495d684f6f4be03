//! Integrations: what answers the requests of an API's routes.

use aws_sdk_apigatewayv2::types::{self, ConnectionType, TlsConfigInput};
use payctl_engine::Address;

use super::{ApiId, VpcLinkId};
use crate::prelude::*;

/// What answers the requests of routes: a function, or what a VPC link leads to.
///
/// It has no name, and an API may have several that are alike. So that one is known again whose
/// creation was not answered, its description says which resource it is.
#[kind(
    "apigatewayv2.integration",
    outputs(api: ApiId, id: IntegrationId),
    // CreateIntegration takes no token, and has nothing unique.
    repeat = Search,
    look = "apigateway:GET",
    create = "apigateway:POST",
    change = "apigateway:PATCH",
    delete = "apigateway:DELETE",
    on = [
        "arn:{partition}:apigateway:{region}::/apis/*/integrations",
        "arn:{partition}:apigateway:{region}::/apis/*/integrations/*",
    ],
)]
pub struct Integration {
    #[prop(replaces, parent, serial)]
    pub api: Input<ApiId>,
    /// `AWS_PROXY` for a function, `HTTP_PROXY` for what a VPC link leads to.
    #[prop(
        replaces,
        one_of("AWS", "HTTP", "MOCK", "HTTP_PROXY", "AWS_PROXY"),
        source = "CreateIntegration.integration_type"
    )]
    pub integration_type: String,
    /// The function's ARN, or that of the load balancer's listener.
    pub uri: Input<Arn>,
    /// The method it calls what answers with: `POST` for a function, `ANY` for that of the request.
    pub integration_method: String,
    /// How requests are written: `2.0` or `1.0` for a function, `1.0` for all else.
    pub payload_format_version: String,
    /// The way there. None: through the internet.
    pub vpc_link: Option<Input<VpcLinkId>>,
    /// The name that the listener's certificate has to be for. None: the connection is not
    /// encrypted.
    pub tls_server_name: Option<String>,
    /// How long the answer may take, 30 s at most.
    #[prop(range(50..=30_000), source = "CreateIntegration.timeout_in_millis")]
    pub timeout_ms: u32,
}

id! {
    /// An integration's id within its API, such as `a1b2c3d`.
    IntegrationId,
}

impl Resource for Integration {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<IntegrationOutputs>> {
        let Ok(api) = self.api.get() else { return Ok(Vec::new()) };
        let mark = mark(cx.address);
        let all = cx.cloud.lists.integrations(api.as_str()).await?;
        let ours = all.into_iter().filter(|seen| seen.description() == Some(mark.as_str()));
        ours.map(|seen| outputs(api, seen.integration_id)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &IntegrationOutputs) -> Result<Option<Self>> {
        let all = cx.cloud.lists.integrations(known.api.as_str()).await?;
        let mut all = all.into_iter();
        let seen = all.find(|seen| seen.integration_id() == Some(known.id.as_str()));
        seen.map(|seen| from_seen(&known.api, &mark(cx.address), seen)).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<IntegrationOutputs> {
        let (api, link) = (self.api.get()?, self.link()?);
        let request = cx.cloud.apigatewayv2.create_integration().api_id(api);
        let made = request
            .description(mark(cx.address))
            .integration_type(self.integration_type.as_str().into())
            .integration_uri(self.uri.get()?)
            .integration_method(&self.integration_method)
            .payload_format_version(&self.payload_format_version)
            .connection_type(connection(link))
            .set_connection_id(link.map(String::from))
            .set_tls_config(self.tls_server_name.is_some().then(|| self.tls()))
            .timeout_in_millis(self.timeout()?)
            .send()
            .await?;
        outputs(api, made.integration_id)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &IntegrationOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let link = self.link()?;
        let request = cx.cloud.apigatewayv2.update_integration().api_id(&known.api);
        let request = request.integration_id(&known.id);
        request
            .description(mark(cx.address))
            .integration_uri(self.uri.get()?)
            .integration_method(&self.integration_method)
            .payload_format_version(&self.payload_format_version)
            .connection_type(connection(link))
            .set_connection_id(link.map(String::from))
            // One without a name takes away what was set.
            .set_tls_config(changed.has("tls_server_name").then(|| self.tls()))
            .timeout_in_millis(self.timeout()?)
            .send()
            .await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &IntegrationOutputs) -> Result<()> {
        let request = cx.cloud.apigatewayv2.delete_integration().api_id(&known.api);
        let request = request.integration_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Integration {
    fn link(&self) -> Result<Option<&VpcLinkId>> {
        Ok(self.vpc_link.as_ref().map(Input::get).transpose()?)
    }

    fn tls(&self) -> TlsConfigInput {
        TlsConfigInput::builder().set_server_name_to_verify(self.tls_server_name.clone()).build()
    }

    fn timeout(&self) -> Result<i32> {
        i32::try_from(self.timeout_ms)
            .map_err(|_| AwsError::invalid("an integration's timeout is too long"))
    }
}

/// What the description of the integration at `address` says.
fn mark(address: &Address) -> String {
    format!("payctl {address}")
}

fn connection(link: Option<&VpcLinkId>) -> ConnectionType {
    if link.is_some() { ConnectionType::VpcLink } else { ConnectionType::Internet }
}

fn outputs(api: &ApiId, id: Option<String>) -> Result<IntegrationOutputs> {
    let id = id.present("the integration's id")?.into();
    Ok(IntegrationOutputs { api: api.clone(), id })
}

/// The integration. Where a hand took away the `mark` that it is found by, its target tells: no
/// such one is ever declared, so it is set back.
fn from_seen(api: &ApiId, mark: &str, seen: types::Integration) -> Result<Integration> {
    let uri = seen.integration_uri().unwrap_or_default();
    let uri = match seen.description().unwrap_or_default() {
        description if description == mark => uri.to_owned(),
        description => format!("{uri}, described as `{description}`"),
    };
    let linked = seen.connection_type() == Some(&ConnectionType::VpcLink);
    let link = seen.connection_id.filter(|_| linked).map(VpcLinkId::from);
    let tls = seen.tls_config.and_then(|tls| tls.server_name_to_verify);
    Ok(Integration {
        api: api.clone().into(),
        integration_type: seen.integration_type.present("integration_type")?.as_str().to_owned(),
        uri: Arn::from(uri).into(),
        integration_method: seen.integration_method.unwrap_or_default(),
        payload_format_version: seen.payload_format_version.unwrap_or_default(),
        vpc_link: link.map(Input::Known),
        tls_server_name: tls.filter(|name| !name.is_empty()),
        timeout_ms: seen.timeout_in_millis.unwrap_or_default().cast_unsigned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_not_used_any_more_is_none() {
        let seen = |connection: ConnectionType| {
            let seen =
                types::Integration::builder().connection_id("a1").connection_type(connection);
            let tls = types::TlsConfig::builder().server_name_to_verify("").build();
            let seen = seen.integration_type(types::IntegrationType::HttpProxy).tls_config(tls);
            from_seen(&ApiId::from("api"), "", seen.build()).ok()
        };
        let linked = seen(ConnectionType::VpcLink).map(|one| (one.vpc_link, one.tls_server_name));
        assert_eq!(linked, Some((Some(VpcLinkId::from("a1").into()), None)));
        assert_eq!(seen(ConnectionType::Internet).map(|one| one.vpc_link), Some(None));
    }
}
