//! Certificates.

mod certificate;
mod search;
mod self_signed;

pub use certificate::{Certificate, CertificateOutputs, CertificateRef};
