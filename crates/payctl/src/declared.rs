//! What is declared, without asking AWS: for what an environment costs, how it is
//! judged, and its picture.

use payctl_aws::{Facts, Partition};
use payctl_engine::Stack;

use crate::connection::connect;
use crate::environment::declare;
use crate::error::CliError;
use crate::global::Global;
use crate::local::Local;
use crate::lookups;

/// The account that stands for whichever it is.
const ANY_ACCOUNT: &str = "123456789012";

/// The stack that is declared, and the region it is declared for. What AWS would be asked for is
/// assumed.
///
/// # Errors
/// What is wrong with document or configuration, and why the stack cannot be made.
pub(crate) async fn declared(
    global: &Global,
    local: &mut Local,
) -> Result<(Stack, String), CliError> {
    local.check_document()?;
    local.say_guess();
    let connection = connect(global, &local.config).await?;
    let region = connection.region().to_owned();
    let facts = Facts {
        account: ANY_ACCOUNT.to_owned(),
        caller: String::new(),
        partition: Partition::of_region(&region).id.to_owned(),
        region: region.clone(),
    };
    let found = lookups::assumed(local, &region);
    let stack = declare(local, &facts, &found, &Default::default());
    stack.check().map_err(|source| {
        CliError::failed("the stack cannot be made as it is declared").because(&source)
    })?;
    Ok((stack, region))
}
