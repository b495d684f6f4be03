//! Lists: what an API consists of, read all at once. The SDK has no paginators for this service.

use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::types::{Integration, Route, Stage};

use crate::load::Loader;
use crate::{Absent as _, AwsError, Result};

/// A page of a list, and the token of the next one.
type Page<T> = (Option<Vec<T>>, Option<String>);

/// All items of a list, page by page.
pub(super) async fn items<R, T, E, F>(
    mut ask: impl FnMut(Option<String>) -> F,
    page: impl Fn(R) -> Page<T>,
) -> std::result::Result<Vec<T>, E>
where
    F: Future<Output = std::result::Result<R, E>>,
{
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let (some, following) = page(ask(next).await?);
        all.extend(some.unwrap_or_default());
        next = following;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Reads lists of one sort by API, each API's in a call of its own.
macro_rules! loader {
    ($client:ident, $operation:ident) => {{
        let client = $client.clone();
        Loader::new(move |apis: Vec<String>| {
            let client = client.clone();
            async move {
                let list = |api: String| {
                    let request = client.$operation().api_id(&api);
                    async move {
                        let ask = |next| request.clone().set_next_token(next).send();
                        let all = items(ask, |page| (page.items, page.next_token)).await;
                        let all = all.unless_absent("NotFoundException")?;
                        Ok::<_, AwsError>(all.map(|all| (api, all)))
                    }
                };
                let seen = futures::future::try_join_all(apis.into_iter().map(list)).await?;
                Ok(seen.into_iter().flatten().collect())
            }
        })
    }};
}

/// Reads of what belongs to an API, which is listed by the API.
#[derive(Debug)]
pub(crate) struct Lists {
    integrations: Loader<Vec<Integration>>,
    routes: Loader<Vec<Route>>,
    stages: Loader<Vec<Stage>>,
}

impl Lists {
    /// The reads of one client.
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            integrations: loader!(client, get_integrations),
            routes: loader!(client, get_routes),
            stages: loader!(client, get_stages),
        }
    }

    /// The API's integrations; none when the API is gone.
    pub(super) async fn integrations(&self, api: &str) -> Result<Vec<Integration>> {
        Ok(self.integrations.load(api).await?.unwrap_or_default())
    }

    /// The API's routes; none when the API is gone.
    pub(super) async fn routes(&self, api: &str) -> Result<Vec<Route>> {
        Ok(self.routes.load(api).await?.unwrap_or_default())
    }

    /// The API's stages; none when the API is gone.
    pub(super) async fn stages(&self, api: &str) -> Result<Vec<Stage>> {
        Ok(self.stages.load(api).await?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_page_is_read() {
        let pages = [(Some(vec![1, 2]), Some("next".to_owned())), (None, Some("last".to_owned()))];
        let mut asked = Vec::new();
        let ask = |next: Option<String>| {
            let page = pages.get(asked.len()).cloned().unwrap_or((Some(vec![3]), None));
            asked.push(next);
            async { Ok::<_, AwsError>(page) }
        };
        assert_eq!(items(ask, |page| page).await.ok(), Some(vec![1, 2, 3]));
        assert_eq!(asked, [None, Some("next".to_owned()), Some("last".to_owned())]);
    }
}
