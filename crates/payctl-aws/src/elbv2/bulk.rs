//! Elastic Load Balancing's bulk reads: one `Describe…` call for all of a sort that are asked for
//! at once.
//!
//! They ask by ARN, and one that is absent is an error for all; each is then asked for alone.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{self, Tag};

use crate::load::Loader;
use crate::{Absent as _, AwsError, Result};

/// The bulk reads of one client, by ARN.
#[derive(Debug)]
pub(crate) struct Balancing {
    pub(super) listeners: Loader<types::Listener>,
    pub(super) load_balancers: Loader<types::LoadBalancer>,
    pub(super) tags: Loader<Vec<Tag>>,
    pub(super) target_groups: Loader<types::TargetGroup>,
}

/// As many as a call may name (DescribeLoadBalancers, DescribeTags and their like).
const AT_ONCE: usize = 20;

macro_rules! describe {
    ($client:expr, $call:ident.$arns:ident, $items:ident by $arn:ident, $gone:literal) => {{
        let client: Client = $client.clone();
        Loader::new(move |arns: Vec<String>| {
            let client = client.clone();
            async move {
                let ask = |arns: Vec<String>| {
                    let request = client.$call().$arns(Some(arns));
                    async move {
                        let reply = request.send().await.unless_absent($gone)?;
                        Ok::<_, AwsError>(reply.map(|reply| reply.$items.unwrap_or_default()))
                    }
                };
                let found = gather(&arns, ask).await?.into_iter();
                Ok(found.filter_map(|one| Some((one.$arn()?.to_owned(), one))).collect())
            }
        })
    }};
}

impl Balancing {
    pub(crate) fn new(elbv2: &Client) -> Self {
        Self {
            listeners: describe!(
                elbv2,
                describe_listeners.set_listener_arns,
                listeners by listener_arn,
                "ListenerNotFound"
            ),
            load_balancers: describe!(
                elbv2,
                describe_load_balancers.set_load_balancer_arns,
                load_balancers by load_balancer_arn,
                "LoadBalancerNotFound"
            ),
            tags: tags(elbv2),
            target_groups: describe!(
                elbv2,
                describe_target_groups.set_target_group_arns,
                target_groups by target_group_arn,
                "TargetGroupNotFound"
            ),
        }
    }
}

fn tags(client: &Client) -> Loader<Vec<Tag>> {
    let client = client.clone();
    Loader::new(move |arns: Vec<String>| {
        let client = client.clone();
        async move {
            let ask = |arns: Vec<String>| {
                let request = client.describe_tags().set_resource_arns(Some(arns));
                async move {
                    // Absent is said in the words of what was asked for.
                    let reply = request.send().await.unless_absent("LoadBalancerNotFound")?;
                    Ok::<_, AwsError>(reply.map(|reply| reply.tag_descriptions.unwrap_or_default()))
                }
            };
            let found = gather(&arns, ask).await?.into_iter();
            let found: HashMap<_, _> = found
                .filter_map(|one| Some((one.resource_arn?, one.tags.unwrap_or_default())))
                .collect();
            Ok(found)
        }
    })
}

/// What `ask` answers for all of `arns`; for none it is to answer that one of them is absent.
async fn gather<T, Fut>(arns: &[String], ask: impl Fn(Vec<String>) -> Fut) -> Result<Vec<T>>
where
    Fut: Future<Output = Result<Option<Vec<T>>>>,
{
    let mut all = Vec::new();
    for some in arns.chunks(AT_ONCE) {
        match ask(some.to_vec()).await? {
            Some(found) => all.extend(found),
            None if some.len() == 1 => {}
            None => {
                for arn in some {
                    all.extend(ask(vec![arn.clone()]).await?.unwrap_or_default());
                }
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn one_that_is_absent_does_not_hide_the_others() {
        let calls = RefCell::new(Vec::new());
        let ask = |arns: Vec<String>| {
            calls.borrow_mut().push(arns.len());
            async move { Ok((!arns.iter().any(|arn| arn == "gone")).then_some(arns)) }
        };
        let named =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(gather(&named(&["a", "b"]), ask).await.unwrap(), ["a", "b"]);
        assert_eq!(gather(&named(&["a", "gone"]), ask).await.unwrap(), ["a"]);
        assert_eq!(gather(&named(&["gone"]), ask).await.unwrap(), [""; 0]);
        assert_eq!(*calls.borrow(), [2, 2, 1, 1, 1]);
        let many: Vec<String> = (0..50).map(|nth| nth.to_string()).collect();
        assert_eq!(gather(&many, ask).await.unwrap(), many);
        assert_eq!(calls.borrow()[5..], [20, 20, 10]);
    }
}
