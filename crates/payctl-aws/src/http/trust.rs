//! Whom TLS trusts: the machine's certificates, or the bundle that the user names instead.
//!
//! `AWS_CA_BUNDLE`, else `ca_bundle` of the profile, takes the place of the machine's certificates,
//! as with the AWS CLI (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>,
//! 2026-11-29; botocore 1.44.5: `configprovider.py` for the order, `httpsession.py` for the
//! place). `SSL_CERT_FILE` and `SSL_CERT_DIR` say where the machine's certificates are.
//!
//! Nothing is read before the first `https` connection: what goes to the sandbox, or nowhere, works
//! on a machine that has no certificates.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error, PemObject as _};
use rustls::{ClientConfig, RootCertStore};

use super::trouble::Trouble;

/// Whom to trust.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    bundle: Option<Bundle>,
    read: OnceLock<Result<Arc<ClientConfig>, Trouble>>,
}

/// A file of certificates that the user names.
#[derive(Clone, Debug)]
struct Bundle {
    /// What names it.
    named_by: String,
    file: String,
}

impl Trust {
    /// As the environment has it, or else the profile, with its `ca_bundle`.
    pub(crate) fn chosen(profile: Option<(&str, &str)>) -> Self {
        let variable = env::var("AWS_CA_BUNDLE").ok();
        let variable = variable.map(|file| Bundle { named_by: "AWS_CA_BUNDLE".to_owned(), file });
        let profile = profile.map(|(name, file)| Bundle {
            named_by: format!("ca_bundle of the profile {name}"),
            file: file.to_owned(),
        });
        Self { bundle: variable.or(profile), read: OnceLock::new() }
    }

    /// A bundle, and what names it.
    #[cfg(test)]
    pub(super) fn of_bundle(named_by: &str, file: &str) -> Self {
        let bundle = Bundle { named_by: named_by.to_owned(), file: file.to_owned() };
        Self { bundle: Some(bundle), read: OnceLock::new() }
    }

    /// How TLS is spoken, made when it is first needed.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, Trouble> {
        let read = || {
            let roots = match &self.bundle {
                Some(bundle) => bundle.read()?,
                None => of_the_machine()?,
            };
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| Trouble::NoTrust(format!("TLS cannot be set up: {error}")))?;
            Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
        };
        self.read.get_or_init(read).clone()
    }
}

impl Bundle {
    fn read(&self) -> Result<RootCertStore, Trouble> {
        let Self { named_by, file } = self;
        let wrong = |why: String| Trouble::NoTrust(format!("{named_by} {why}"));
        if file.trim().is_empty() {
            return Err(wrong("is empty: unset it, or name a file of certificates".to_owned()));
        }
        let path = expanded(file);
        let shown = path.display();
        let found = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
        let found: Vec<CertificateDer<'_>> = found.map_err(|error| match error {
            Error::Io(source) => wrong(format!("names {shown}, which cannot be read: {source}")),
            other => wrong(format!("names {shown}, which is not PEM: {other}")),
        })?;
        if found.is_empty() {
            return Err(wrong(format!("names {shown}, which has no certificate in PEM form")));
        }
        let mut roots = RootCertStore::empty();
        // All of them, or the user trusts somebody else than they believe.
        for (nth, certificate) in found.into_iter().enumerate() {
            let nth = nth + 1;
            let broken =
                |error| wrong(format!("names {shown}, whose certificate {nth} is none: {error}"));
            roots.add(certificate).map_err(broken)?;
        }
        Ok(roots)
    }
}

/// With the user's folder for `~`.
fn expanded(file: &str) -> PathBuf {
    match (file.strip_prefix("~/"), env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(file),
    }
}

/// The machine's certificates: those that can be used, as some machines have odd ones.
fn of_the_machine() -> Result<RootCertStore, Trouble> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    Err(Trouble::NoTrust(
        "https needs certificates to trust, and this machine has none: install its package of \
         certificates (`ca-certificates` on most systems), or name a file of them with \
         AWS_CA_BUNDLE"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(file: &str) -> String {
        Trust::of_bundle("AWS_CA_BUNDLE", file).config().unwrap_err().to_string()
    }

    #[test]
    fn a_bundle_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let missing = refused(&folder.path().join("none.pem").display().to_string());
        assert!(missing.starts_with("AWS_CA_BUNDLE names /"), "{missing}");
        assert!(missing.contains("none.pem, which cannot be read: No such file"), "{missing}");
        let empty = refused(&file("empty.pem", "# nothing\n"));
        assert!(empty.contains("has no certificate in PEM form"), "{empty}");
        let broken =
            file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let broken = refused(&broken);
        assert!(broken.contains("whose certificate 1 is none"), "{broken}");
        assert!(refused(" ").contains("AWS_CA_BUNDLE is empty"));
        assert!(refused(&folder.path().display().to_string()).contains("cannot be read"));
    }

    #[test]
    fn a_certificate_is_taken_from_a_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = folder.path().join("own.pem");
        std::fs::write(&path, made.cert.pem()).unwrap();
        assert!(Trust::of_bundle("ca_bundle", &path.display().to_string()).config().is_ok());
    }
}
