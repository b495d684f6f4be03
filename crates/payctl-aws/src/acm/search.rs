//! Looking for the certificates that carry a resource's ownership tags.
//!
//! ACM itself finds nothing by tag. The tagging API does, in one call, but from an index that a
//! certificate made a moment ago is not in for seconds to minutes. So where the index knows none,
//! or may not be asked, every imported certificate with a key like ours is asked for its tags: once
//! per certificate that the state does not know, and never in a plan of what exists.

use aws_sdk_acm::types::{CertificateSummary, CertificateType, Filters, KeyAlgorithm};
use payctl_engine::FailureKind;

use super::tags::tags;
use crate::load::Mark;
use crate::marked::indexed;
use crate::{Arn, Cx, Present as _, Result};

/// How many certificates are asked at once; AWS allows 10 such calls per second
/// (ACM quotas, docs/aws-facts.md).
const AT_ONCE: usize = 5;

/// The certificates that carry the resource's tags.
pub(super) async fn ours(cx: &Cx<'_>) -> Result<Vec<Arn>> {
    let mark = [Mark::of(cx.owner, cx.address)];
    let found = indexed(&cx.cloud.tagging, "acm:certificate", &mark).await.unwrap_or_default();
    let found = match found.into_values().flatten().collect::<Vec<_>>() {
        found if !found.is_empty() => found,
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
    Ok(Mark::told(&[Mark::of(cx.owner, cx.address)], |name| tags.get(name).map(String::as_str))
        .is_some())
}
