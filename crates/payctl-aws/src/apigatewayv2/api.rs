//! HTTP APIs: what requests from outside come in through, with less in between than a REST API.

use aws_sdk_apigatewayv2::operation::get_api::GetApiOutput;
use aws_sdk_apigatewayv2::types::ProtocolType;

use super::lists::items;
use super::{Cors, tags};
use crate::Facts;
use crate::apigateway::host;
use crate::prelude::*;

/// What requests from outside come in through.
#[kind(
    "apigatewayv2.api",
    outputs(
        id: ApiId,
        arn: Arn,
        /// What permissions to be invoked by it name; a stage, method and path may follow.
        execution_arn: Arn,
        /// What leads to its stage `$default`, without a slash at the end.
        endpoint: String,
    ),
    // CreateApi takes no token, and two APIs may have the same name.
    repeat = Search,
    typical(1.0, 0.0, 1.0),
    look = "apigateway:GET",
    // PUT is for the tags.
    create = "apigateway:POST PUT",
    change = "apigateway:DELETE PATCH POST PUT",
    delete = "apigateway:DELETE",
    // Also of all that belongs to it.
    on = [
        "arn:{partition}:apigateway:{region}::/apis",
        "arn:{partition}:apigateway:{region}::/apis/*",
        "arn:{partition}:apigateway:{region}::/tags/*",
    ],
    attachments = ["route"],
)]
pub struct HttpApi {
    pub name: String,
    pub description: String,
    /// Which pages browsers let call it. None: no other's.
    pub cors: Option<Cors>,
    /// Whether only a domain name of its own leads to it, and AWS's does not.
    pub disable_execute_api_endpoint: bool,
    pub tags: Tags,
}

id! {
    /// An HTTP API's id, such as `a1b2c3d4e5`.
    ApiId,
}

impl Resource for HttpApi {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<HttpApiOutputs>> {
        let ask = |next| cx.cloud.apigatewayv2.get_apis().set_next_token(next).send();
        let all = items(ask, |page| (page.items, page.next_token)).await?;
        let ours = all.into_iter().filter(|seen| tags::ours(cx, seen.tags()));
        ours.map(|seen| outputs(cx, seen.api_id)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &HttpApiOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.id).await? else { return Ok(None) };
        Ok(Some(Self {
            cors: seen.cors_configuration().map(Cors::from),
            disable_execute_api_endpoint: seen.disable_execute_api_endpoint.unwrap_or_default(),
            tags: tags::all(seen.tags),
            name: seen.name.present("name")?,
            description: seen.description.unwrap_or_default(),
        }))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &HttpApiOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        for route in cx.cloud.lists.routes(known.id.as_str()).await? {
            let key = route.route_key().unwrap_or_default();
            if attachments.is_declared("apigatewayv2.route", &[("route_key", key)]) {
                continue;
            }
            let authorization = route.authorization_type().map_or("NONE", |sort| sort.as_str());
            let which = format!("{key} with authorization {authorization}");
            if attachments.meets("route", &which) {
                let request = cx
                    .cloud
                    .apigatewayv2
                    .delete_route()
                    .api_id(&known.id)
                    .set_route_id(route.route_id);
                request.send().await.unless_absent("NotFoundException")?;
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<HttpApiOutputs> {
        let request = cx.cloud.apigatewayv2.create_api().protocol_type(ProtocolType::Http);
        let made = request
            .name(&self.name)
            .description(&self.description)
            .set_cors_configuration(self.cors.as_ref().map(Cors::written).transpose()?)
            .disable_execute_api_endpoint(self.disable_execute_api_endpoint)
            .set_tags(Some(tags::written(&self.tags)))
            .send()
            .await?;
        outputs(cx, made.api_id)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &HttpApiOutputs, changed: &Changed) -> Result<()> {
        let client = &cx.cloud.apigatewayv2;
        // An update can replace the configuration, and not take it away.
        if changed.has("cors") && self.cors.is_none() {
            let request = client.delete_cors_configuration().api_id(&known.id);
            request.send().await.unless_absent("NotFoundException")?;
        }
        if changed.any(&["name", "description", "cors", "disable_execute_api_endpoint"]) {
            let request = client.update_api().api_id(&known.id);
            request
                .name(&self.name)
                .description(&self.description)
                .set_cors_configuration(self.cors.as_ref().map(Cors::written).transpose()?)
                .disable_execute_api_endpoint(self.disable_execute_api_endpoint)
                .send()
                .await?;
        }
        if changed.has("tags") {
            let seen = look(cx, &known.id).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the API"))?;
            tags::replace(cx, &known.arn, tags::all(seen.tags), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &HttpApiOutputs) -> Result<()> {
        let request = cx.cloud.apigatewayv2.delete_api().api_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, id: &ApiId) -> Result<Option<GetApiOutput>> {
    let request = cx.cloud.apigatewayv2.get_api().api_id(id);
    request.send().await.unless_absent("NotFoundException")
}

fn outputs(cx: &Cx<'_>, id: Option<String>) -> Result<HttpApiOutputs> {
    let id = ApiId::from(id.present("the API's id")?);
    Ok(HttpApiOutputs {
        arn: arn(cx, &id),
        execution_arn: cx.cloud.facts.arn("execute-api", id.as_str()),
        endpoint: format!("https://{}", host(cx, id.as_str())),
        id,
    })
}

/// The API's ARN, which does not name the account.
pub(super) fn arn(cx: &Cx<'_>, id: &ApiId) -> Arn {
    let Facts { partition, region, .. } = &*cx.cloud.facts;
    format!("arn:{partition}:apigateway:{region}::/apis/{id}").into()
}
