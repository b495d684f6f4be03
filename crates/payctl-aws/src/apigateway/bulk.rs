//! API Gateway's bulk reads: methods, each of which is asked for at once by all that need it.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::get_method::GetMethodOutput;

use crate::load::Loader;
use crate::{Absent as _, AwsError};

/// Reads of methods, each of which its integration is read with.
pub(crate) type Methods = Loader<GetMethodOutput>;

/// The reads of one client.
pub(crate) fn methods(client: &Client) -> Methods {
    let client = client.clone();
    Loader::new(move |places: Vec<String>| {
        let client = client.clone();
        async move {
            let look = |place: String| {
                let request = client.get_method();
                async move {
                    let mut parts = place.splitn(3, '/').map(str::to_owned);
                    let request = request.set_rest_api_id(parts.next());
                    let request = request.set_resource_id(parts.next());
                    let reply = request.set_http_method(parts.next()).send().await;
                    let seen = reply.unless_absent("NotFoundException")?;
                    Ok::<_, AwsError>(seen.map(|seen| (place, seen)))
                }
            };
            let seen = futures::future::try_join_all(places.into_iter().map(look)).await?;
            Ok(seen.into_iter().flatten().collect())
        }
    })
}
