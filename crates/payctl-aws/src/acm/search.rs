//! Looking for the certificates that carry a resource's ownership tags.
//!
//! ACM itself finds nothing by tag. The tagging API does, in one call, but from an index that a
//! certificate made a moment ago is not in for seconds to minutes. So where the index knows none,
//! or may not be asked, every imported certificate with a key like ours is asked for its tags: once
//! per certificate that the state does not know, and never in a plan of what exists.

use aws_sdk_acm::types::{CertificateSummary, CertificateType, Filters, KeyAlgorithm};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use payctl_engine::FailureKind;

use super::tags::tags;
use crate::{Arn, Cx, Present as _, Result};

/// How many certificates are asked at once; AWS allows 10 such calls per second
/// (ACM quotas, docs/aws-facts.md).
const AT_ONCE: usize = 5;

/// The certificates that carry the resource's tags.
pub(super) async fn ours(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let found = match indexed(cx).await {
        Ok(found) if !found.is_empty() => found,
        _ => listed(cx).await?,
    };
    // The index remembers those that are gone.
    let mut there = Vec::new();
    for arn in found {
        if marked(cx, &arn).await? {
            there.push(arn);
        }
    }
    Ok(there)
}

/// The tags that tell whose a certificate is.
fn marks<'a>(cx: &Cx<'a>) -> [(&'static str, &'a str); 3] {
    let [stack, suffix] = cx.owner.search();
    [stack, suffix, ("payctl:id", cx.address.as_str())]
}

/// What the index of tags knows.
async fn indexed(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let filters = marks(cx).map(|(key, value)| TagFilter::builder().key(key).values(value).build());
    let request = cx.cloud.tagging.get_resources().set_tag_filters(Some(filters.to_vec()));
    let mut pages = request.resource_type_filters("acm:certificate").into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        let arns = page.resource_tag_mapping_list().iter().filter_map(|item| item.resource_arn());
        found.extend(arns.map(Arn::from));
    }
    Ok(found)
}

/// What the certificates themselves say.
async fn listed(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    // Unless asked, ACM lists those with a key of RSA's alone.
    let like_ours = Filters::builder().key_types(KeyAlgorithm::EcPrime256v1).build();
    let request = cx.cloud.acm.list_certificates().includes(like_ours);
    let all = request.into_paginator().items().send();
    let all: Vec<CertificateSummary> = all.collect::<std::result::Result<_, _>>().await?;
    let imported = |one: &CertificateSummary| {
        one.r#type().is_none_or(|kind| *kind == CertificateType::Imported)
    };
    let arns: Vec<Arn> = all
        .into_iter()
        .filter(imported)
        .map(|one| Ok(one.certificate_arn.present("certificate_arn")?.into()))
        .collect::<Result<_>>()?;
    let mut found = Vec::new();
    for some in arns.chunks(AT_ONCE) {
        let marked = futures::future::try_join_all(some.iter().map(|arn| marked(cx, arn))).await?;
        let ours = some.iter().zip(marked).filter(|(_, marked)| *marked);
        found.extend(ours.map(|(arn, _)| arn.clone()));
    }
    Ok(found)
}

/// Whether the certificate is there and carries the resource's tags.
async fn marked(cx: &Cx<'_>, arn: &Arn) -> Result<bool> {
    let tags = match tags(cx, arn).await {
        Ok(tags) => tags.unwrap_or_default(),
        // One that keeps us out is another's.
        Err(error) if error.kind() == FailureKind::Denied => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(marks(cx).iter().all(|(name, value)| tags.get(*name).map(String::as_str) == Some(value)))
}
