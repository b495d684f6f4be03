//! Certificates.

mod certificate;
mod search;
mod self_signed;
mod tags;

pub use certificate::{Certificate, CertificateOutputs, CertificateRef};
