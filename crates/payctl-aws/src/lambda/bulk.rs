//! Lambda's bulk reads: a function's policy, which is asked for once by all that need it.

use aws_sdk_lambda::Client;

use crate::Absent as _;
use crate::load::Loader;

/// The policies of functions, by the functions' names.
pub(crate) fn policies(client: &Client) -> Loader<String> {
    let client = client.clone();
    Loader::each(move |function: String| {
        let request = client.get_policy().function_name(function);
        async move {
            let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
            Ok(reply.and_then(|reply| reply.policy))
        }
    })
}
