//! Who gets the value of a secret.

use payctl_aws::secretsmanager::{ResourcePolicy, SecretRef};
use payctl_engine::{Address, Handle as _, Stack};

use crate::Context;

/// Lets nobody at the value of the secret `logical` but the functions called so, whoever deploys,
/// and whom the configuration names.
pub(crate) fn only_readers(
    stack: &mut Stack,
    context: &Context<'_>,
    logical: &str,
    secret: &SecretRef,
    functions: &[&str],
    named: &[String],
) -> Address {
    let roles = functions.iter().map(|name| {
        let role = context.name(&format!("{name}-role"));
        context.role_arn(&role)
    });
    // Who may do anything in an emergency can take the policy away as well.
    let readers = roles.chain(named.iter().cloned()).chain([context.root()]).collect();
    let policy = ResourcePolicy { secret: secret.arn(), readers };
    stack.add(logical, policy).address().clone()
}
