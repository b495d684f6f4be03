//! Routes: what may be asked of an API, by whom, and what answers.

use aws_sdk_apigatewayv2::types;

use super::{ApiId, IntegrationId};
use crate::prelude::*;

/// What may be asked of an API.
#[kind(
    "apigatewayv2.route",
    outputs(api: ApiId, id: RouteId),
    stable(api),
    look = "apigateway:GET",
    create = "apigateway:POST",
    change = "apigateway:PATCH",
    delete = "apigateway:DELETE",
    on = [
        "arn:{partition}:apigateway:{region}::/apis/*/routes",
        "arn:{partition}:apigateway:{region}::/apis/*/routes/*",
    ],
)]
pub struct Route {
    #[prop(replaces, unique, parent, serial)]
    pub api: Input<ApiId>,
    /// A method and a path, such as `POST /validate` or `ANY /app/{proxy+}`.
    #[prop(replaces, unique)]
    pub route_key: String,
    /// What answers.
    // An integration that a route leads to cannot be deleted.
    #[prop(holds)]
    pub target: Input<IntegrationId>,
    /// `NONE` or `AWS_IAM`.
    #[prop(one_of("NONE", "AWS_IAM", "CUSTOM", "JWT"), source = "UpdateRoute.authorization_type")]
    pub authorization: String,
}

id! {
    /// A route's id within its API, such as `a1b2c3d`.
    RouteId,
}

/// Goes before the integration's id in a route's target.
const TO: &str = "integrations/";

impl Resource for Route {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RouteOutputs>> {
        let Ok(api) = self.api.get() else { return Ok(Vec::new()) };
        let all = cx.cloud.lists.routes(api.as_str()).await?;
        let ours = all.into_iter().filter(|seen| seen.route_key() == Some(self.route_key.as_str()));
        ours.map(|seen| outputs(api, seen.route_id)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &RouteOutputs) -> Result<Option<Self>> {
        let all = cx.cloud.lists.routes(known.api.as_str()).await?;
        let mut all = all.into_iter();
        let seen = all.find(|seen| seen.route_id() == Some(known.id.as_str()));
        seen.map(|seen| from_seen(&known.api, seen)).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RouteOutputs> {
        let api = self.api.get()?;
        let request = cx.cloud.apigatewayv2.create_route().api_id(api);
        let made = request
            .route_key(&self.route_key)
            .target(self.target()?)
            .authorization_type(self.authorization.as_str().into())
            .send()
            .await?;
        outputs(api, made.route_id)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RouteOutputs, _: &Changed) -> Result<()> {
        let request = cx.cloud.apigatewayv2.update_route().api_id(&known.api).route_id(&known.id);
        let request = request.target(self.target()?);
        request.authorization_type(self.authorization.as_str().into()).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RouteOutputs) -> Result<()> {
        let request = cx.cloud.apigatewayv2.delete_route().api_id(&known.api).route_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Route {
    fn target(&self) -> Result<String> {
        Ok(format!("{TO}{}", self.target.get()?))
    }
}

fn outputs(api: &ApiId, id: Option<String>) -> Result<RouteOutputs> {
    Ok(RouteOutputs { api: api.clone(), id: id.present("the route's id")?.into() })
}

fn from_seen(api: &ApiId, seen: types::Route) -> Result<Route> {
    let authorization = seen.authorization_type.present("authorization_type")?;
    // By hand it may lead nowhere.
    let target = seen.target.unwrap_or_default();
    Ok(Route {
        api: api.clone().into(),
        route_key: seen.route_key.present("route_key")?,
        target: IntegrationId::from(target.strip_prefix(TO).unwrap_or(&target)).into(),
        authorization: authorization.as_str().to_owned(),
    })
}
