//! Whose certificates are trusted.

use std::fs;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

/// `certificates/update.sh` makes it again.
const RDS: &[u8] = include_bytes!("../certificates/rds.pem");

/// A certificate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RootsError {
    /// The file is not there, or not ours to read.
    #[error("the file {0} that SSL_CERT_FILE names cannot be read")]
    Unreadable(String),
    /// There is nothing in it to trust, or something that is not a certificate.
    #[error("{0} must contain PEM certificates and nothing else")]
    NoCertificates(String),
    /// Never, with the cryptography that is built in.
    #[error("TLS cannot be set up")]
    Tls,
}

/// The roots of Amazon RDS, and the certificates in the file that `SSL_CERT_FILE` names, if it is set.
pub(crate) fn roots(lookup: impl Fn(&str) -> Option<String>) -> Result<RootCertStore, RootsError> {
    let mut roots = RootCertStore::empty();
    add(&mut roots, RDS, "the list of Amazon RDS")?;
    if let Some(path) = lookup("SSL_CERT_FILE").filter(|path| !path.trim().is_empty()) {
        let pem = fs::read(&path).map_err(|_| RootsError::Unreadable(path.clone()))?;
        add(&mut roots, &pem, &path)?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, pem: &[u8], name: &str) -> Result<(), RootsError> {
    let wrong = || RootsError::NoCertificates(name.to_owned());
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = certificate.map(|certificate| roots.add(certificate));
        added.map_err(|_| wrong())?.map_err(|_| wrong())?;
    }
    if roots.len() == before { Err(wrong()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_of_amazon_rds_are_always_there() {
        // Three kinds of keys in 27 regions.
        assert_eq!(roots(|_| None).unwrap().len(), 81);
        assert_eq!(roots(|_| Some(" ".to_owned())).unwrap().len(), 81);
    }

    #[test]
    fn the_file_that_is_named_adds_to_them_or_is_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        let read = |file: &str| roots(|_| Some(format!("{folder}{file}")));
        assert_eq!(read("certificates/rds.pem").unwrap().len(), 162);
        let wrong = |file: &str| read(file).unwrap_err().to_string();
        assert!(wrong("absent.pem").contains("absent.pem that SSL_CERT_FILE names"));
        assert!(wrong("Cargo.toml").contains("Cargo.toml must contain PEM certificates"));
    }
}
