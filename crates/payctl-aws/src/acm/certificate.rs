//! Certificates that nobody vouches for: made here, self-signed, and imported into ACM.
//!
//! The private key is no property, so that it is in no plan, state or journal: it is made for the
//! request that imports it, and only ACM keeps it. Whoever wants another certificate makes another
//! key.

use std::time::{Duration, SystemTime};

use aws_sdk_acm::operation::import_certificate::builders::ImportCertificateFluentBuilder;
use aws_sdk_acm::primitives::DateTime;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, Tag};

use super::search;
use super::self_signed::SelfSigned;
use super::tags::{GONE, tags};
use crate::prelude::*;

/// A self-signed certificate that is imported into ACM.
#[kind(
    "acm.certificate",
    outputs(arn: Arn),
    // Without an ARN, each import makes another one.
    repeat = Search,
    look = "acm:DescribeCertificate ListCertificates ListTagsForCertificate tag:GetResources",
    create = "acm:AddTagsToCertificate ImportCertificate",
    change = "acm:AddTagsToCertificate ImportCertificate RemoveTagsFromCertificate",
    delete = "acm:DeleteCertificate",
    unscoped = "acm:ListCertificates tag:GetResources",
    on = "arn:{partition}:acm:{region}:{account}:certificate/*",
)]
pub struct Certificate {
    /// Whom it is for.
    // One that is imported again keeps a name that it had (ACM's guide, "Reimporting").
    #[prop(replaces)]
    pub domain: String,
    /// How long it is valid from its making.
    pub valid_days: u32,
    /// Declared true: whether it is valid for 30 days more. ACM renews none that was imported;
    /// [`Resource::converge`] imports another one under the same ARN.
    pub renewed: bool,
    pub tags: Tags,
}

/// Renewed so long before its end. Our choice: an `up` each month keeps it valid.
const RENEWED_BEFORE_DAYS: u32 = 30;
/// Ten years. Our choice: more is a typing error rather than a wish.
const LONGEST_DAYS: u32 = 3650;
const DAY: i64 = 24 * 60 * 60;

impl Resource for Certificate {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<CertificateOutputs>> {
        let ours = search::ours(cx).await?.into_iter();
        Ok(ours.map(|arn| CertificateOutputs { arn }).collect())
    }

    async fn read(cx: &Cx<'_>, known: &CertificateOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(describe(cx, &known.arn), tags(cx, &known.arn))?;
        let (Some(seen), Some(tags)) = (seen, tags) else { return Ok(None) };
        let (from, until) = (seen.not_before.as_ref(), seen.not_after.as_ref());
        let days = until.present("not_after")?.secs() - from.present("not_before")?.secs();
        Ok(Some(Self {
            renewed: renewed(&seen, SystemTime::now()),
            domain: seen.domain_name.present("domain_name")?,
            valid_days: u32::try_from(days / DAY).unwrap_or_default(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<CertificateOutputs> {
        let request = cx.cloud.acm.import_certificate();
        let arn = self.import(request.set_tags(Some(written(&self.tags)?))).await?;
        Ok(CertificateOutputs { arn })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &CertificateOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["valid_days", "renewed"]) {
            // Under the same ARN, so that listeners change over by themselves.
            self.import(cx.cloud.acm.import_certificate().certificate_arn(&known.arn)).await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &CertificateOutputs) -> Result<()> {
        // Refused as in use until the last listener is gone, and for a while after.
        let request = cx.cloud.acm.delete_certificate().certificate_arn(&known.arn);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Certificate {
    /// Imports a new certificate, and answers its ARN.
    async fn import(&self, request: ImportCertificateFluentBuilder) -> Result<Arn> {
        if !(RENEWED_BEFORE_DAYS + 1..=LONGEST_DAYS).contains(&self.valid_days) {
            return Err(AwsError::invalid(format!(
                "a certificate is valid for more than the {RENEWED_BEFORE_DAYS} days before which \
                 it is renewed, and for {LONGEST_DAYS} at most, not for {}",
                self.valid_days
            )));
        }
        let made = SelfSigned::new(&self.domain, self.valid_days)?;
        let request = request.certificate(made.certificate()).private_key(made.key());
        let reply = request.send().await.map_err(|error| made.redact(error.into()))?;
        Ok(reply.certificate_arn.present("certificate_arn")?.into())
    }
}

async fn describe(cx: &Cx<'_>, arn: &Arn) -> Result<Option<CertificateDetail>> {
    let request = cx.cloud.acm.describe_certificate().certificate_arn(arn);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.certificate))
}

/// Whether it can be used, and for longer than until its renewal.
fn renewed(seen: &CertificateDetail, now: SystemTime) -> bool {
    let soon = Duration::from_secs(u64::from(RENEWED_BEFORE_DAYS) * DAY.unsigned_abs());
    let soon = DateTime::from(now + soon);
    let usable = seen.status() == Some(&CertificateStatus::Issued);
    usable && seen.not_after().is_some_and(|until| *until > soon)
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let acm = &cx.cloud.acm;
    let seen = tags(cx, arn).await?.unwrap_or_default();
    let surplus: Tags = seen.into_iter().filter(|(key, _)| !wanted.contains_key(key)).collect();
    let request = acm.add_tags_to_certificate().certificate_arn(arn);
    request.set_tags(Some(written(wanted)?)).send().await?;
    if !surplus.is_empty() {
        let request = acm.remove_tags_from_certificate().certificate_arn(arn);
        request.set_tags(Some(written(&surplus)?)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().key(key).value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_renewed_30_days_before_its_end() {
        let now = SystemTime::now();
        let seen = |days: u64, status: CertificateStatus| {
            let until = now + Duration::from_secs(days * DAY.unsigned_abs());
            let until = DateTime::from(until + Duration::from_secs(60));
            CertificateDetail::builder().not_after(until).status(status).build()
        };
        assert!(renewed(&seen(30, CertificateStatus::Issued), now));
        assert!(!renewed(&seen(29, CertificateStatus::Issued), now));
        assert!(!renewed(&seen(365, CertificateStatus::Expired), now));
        assert!(!renewed(&CertificateDetail::builder().build(), now));
    }
}
