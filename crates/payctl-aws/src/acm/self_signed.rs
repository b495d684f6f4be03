//! Making self-signed certificates, and keeping their keys to oneself.
//!
//! The keys are ECDSA's on P-256: ACM and load balancers take them as they take RSA's of 2048
//! bits, at more strength, and they are made and used in a fraction of the time.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_acm::primitives::Blob;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use payctl_engine::Failure;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use crate::{AwsError, Result};

/// Our clock may be ahead of AWS's, which takes no certificate before its time.
const BEGAN_BEFORE: Duration = Duration::from_secs(60 * 60);
/// What a subject's common name can hold.
const LONGEST_NAME: usize = 64;
/// So much of a key, word for word, tells that a text repeats it.
const REPEATED: usize = 24;

/// A new certificate and its key, on their way to ACM.
pub(super) struct SelfSigned {
    certificate: String,
    key: SecretString,
}

/// A private key in PEM. It cannot be written anywhere but into the request to ACM.
struct SecretString(String);

impl SelfSigned {
    /// One for `domain`, valid for so many days from now.
    pub(super) fn new(domain: &str, valid_days: u32) -> Result<Self> {
        if domain.is_empty() || domain.len() > LONGEST_NAME {
            return Err(AwsError::invalid(format!(
                "a certificate's domain name has 1 to {LONGEST_NAME} characters: {domain:?}"
            )));
        }
        make(domain, valid_days).map_err(|source| {
            AwsError::invalid(format!("no certificate can be made for {domain:?}: {source}"))
        })
    }

    pub(super) fn certificate(&self) -> Blob {
        Blob::new(self.certificate.as_str())
    }

    pub(super) fn key(&self) -> Blob {
        Blob::new(self.key.0.as_str())
    }

    /// The failure without the key, should AWS's words repeat it: they are written down.
    pub(super) fn redact(&self, error: AwsError) -> AwsError {
        let failure = Failure::from(error);
        if !self.key.is_in(&failure.message) {
            return failure.into();
        }
        let message = "AWS's reason is left out, as it repeats the private key".to_owned();
        Failure { message, ..failure }.into()
    }
}

fn make(domain: &str, valid_days: u32) -> Result<SelfSigned, rcgen::Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // In whole seconds, as a certificate has no smaller ones.
    let began = Duration::from_secs(now.saturating_sub(BEGAN_BEFORE).as_secs());
    let began = rcgen::date_time_ymd(1970, 1, 1) + began;
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, domain);
    params.not_before = began;
    params.not_after = began + Duration::from_secs(u64::from(valid_days) * 24 * 60 * 60);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?.pem();
    Ok(SelfSigned { certificate, key: SecretString(key.serialize_pem()) })
}

impl SecretString {
    /// Whether `text` has a good part of the key in it: as PEM, or as a request carries that.
    fn is_in(&self, text: &str) -> bool {
        let sent = BASE64_STANDARD.encode(&self.0);
        let lines = self.0.lines().filter(|line| !line.starts_with('-'));
        let mut parts = lines.chain([sent.as_str()]).flat_map(|part| {
            (0..=part.len().saturating_sub(REPEATED)).filter_map(|at| part.get(at..at + REPEATED))
        });
        parts.any(|part| text.contains(part))
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString")
    }
}

impl fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfSigned").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::operation::import_certificate::ImportCertificateInput;
    use payctl_engine::FailureKind;

    use super::*;

    fn one() -> SelfSigned {
        SelfSigned::new("payments.internal", 365).unwrap()
    }

    /// The key as it may be written: as PEM, as a request carries it, and as a list of bytes.
    fn needles(made: &SelfSigned) -> [String; 3] {
        let pem = &made.key.0;
        let line = pem.lines().nth(1).unwrap().to_owned();
        let bytes = format!("{:?}", &pem.as_bytes()[40..80]);
        let bytes = bytes.trim_matches(['[', ']']).to_owned();
        [line, BASE64_STANDARD.encode(pem), bytes]
    }

    /// Ours and those of the SDK, which the key passes through.
    #[test]
    fn no_type_shows_a_key() {
        let made = one();
        let request = ImportCertificateInput::builder().private_key(made.key());
        let shown = [format!("{made:?}"), format!("{request:?}"), format!("{:?}", request.build())];
        for needle in needles(&made) {
            assert!(shown.iter().all(|text| !text.contains(&needle)), "{shown:#?}");
        }
    }

    #[test]
    fn a_failure_does_not_repeat_a_key() {
        let made = one();
        let told = |message: String| {
            let failure = Failure::new(FailureKind::Invalid, message).with_code("Validation");
            Failure::from(made.redact(failure.into())).to_string()
        };
        assert_eq!(told("no such ARN".to_owned()), "Validation: no such ARN");
        let [line, sent, _] = needles(&made);
        for repeated in [&made.key.0, &line, &sent, &line[7..40].to_owned()] {
            let text = told(format!("1 validation error: '{repeated}' is too long"));
            assert!(!text.contains(&line[10..30]) && !text.contains(&sent[10..30]), "{text}");
            assert!(text.starts_with("Validation: "), "{text}");
        }
    }

    #[test]
    fn two_have_different_keys() {
        assert_ne!(one().key.0, one().key.0);
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        for name in [String::new(), "a".repeat(65), "ü.internal".to_owned()] {
            assert!(SelfSigned::new(&name, 365).is_err(), "{name}");
        }
        assert!(SelfSigned::new(&"a".repeat(64), 365).is_ok());
        assert!(SelfSigned::new("*.payments.internal", 365).is_ok());
    }
}
