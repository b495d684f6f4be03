//! What goes wrong between payctl and a server, in words that name the server and the cause.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use http::Uri;
use rustls::CertificateError;

use super::local::is_loopback;

/// Why there is no answer, or no whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host has no address, as far as is known here.
    UnknownHost { host: String, why: String, again: bool },
    /// Nobody listens there.
    Refused { to: String },
    /// Nobody listens there any more, where somebody was known to.
    Gone(String),
    /// No connection, for another reason.
    Unreachable { to: String, why: String },
    /// No connection within a time.
    Late { to: String, limit: Duration },
    /// The server cannot prove who it is, or TLS failed otherwise.
    Tls { to: String, why: String },
    /// Whom to trust is not known here: no certificates, or a bundle that is none.
    NoTrust(String),
    /// A variable that should name a proxy does not.
    WrongProxy(String),
    /// A proxy refuses to pass the connection on.
    ProxyRefused { proxy: String, to: String, why: String },
    /// A proxy itself cannot be reached.
    ProxyAway { proxy: String, variable: String, why: String },
    /// Nothing came for that long.
    Silent { from: String, limit: Duration, sending: bool },
    /// An answer dripped so slowly that there is no waiting for its end.
    Dripping { from: String },
    /// The answer is a part of one.
    Cut { from: String, bytes: usize },
    /// The connection ended before the whole answer.
    Broken { from: String, why: String },
}

impl Trouble {
    /// What keeps a connection to `uri` from being opened.
    pub(super) fn connecting(uri: &Uri, error: &(dyn Error + 'static)) -> Self {
        let host = uri.host().unwrap_or_default().to_owned();
        let to = place(uri);
        let cause = chain(error).find_map(|error| error.downcast_ref::<io::Error>());
        // hyper-util's error has no other sign.
        if chain(error).any(|error| error.to_string() == "dns error") {
            let why = cause.map_or_else(|| innermost(error), ToString::to_string);
            let why = why.rsplit(": ").next().unwrap_or_default().to_lowercase();
            let again = why.starts_with("temporary");
            return Self::UnknownHost { host, why, again };
        }
        match cause.map(|cause| (cause.kind(), cause)) {
            Some((io::ErrorKind::ConnectionRefused, _)) => Self::Refused { to },
            Some((_, cause)) => Self::Unreachable { to, why: said(cause) },
            None => Self::Unreachable { to, why: innermost(error) },
        }
    }

    /// What keeps TLS from being spoken with `uri`.
    pub(super) fn securing(uri: &Uri, error: &(dyn Error + 'static)) -> Self {
        let to = place(uri);
        let why = match chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(certificate)) => distrust(certificate),
            Some(other) => other.to_string(),
            None => chain(error)
                .find_map(|error| error.downcast_ref::<io::Error>())
                .map_or_else(|| innermost(error), said),
        };
        Self::Tls { to, why }
    }

    /// What ended a connection to `uri` that was open.
    pub(super) fn sending(uri: &Uri, error: &(dyn Error + 'static)) -> Self {
        if let Some(known) = find(error) {
            return known.clone();
        }
        let from = place(uri);
        let cause = chain(error).find_map(|error| error.downcast_ref::<io::Error>());
        let hyper = chain(error).find_map(|error| error.downcast_ref::<hyper::Error>());
        let why = match (cause, hyper) {
            (Some(cause), _) => said(cause),
            (_, Some(error)) if error.is_incomplete_message() || error.is_canceled() => {
                "the server closed it".to_owned()
            }
            (_, Some(error)) if error.is_parse() => "what came is not HTTP".to_owned(),
            _ => innermost(error),
        };
        Self::Broken { from, why }
    }

    /// Whether the same request may succeed a moment later.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Late { .. }
            | Self::ProxyAway { .. }
            | Self::Silent { .. }
            | Self::Dripping { .. }
            | Self::Cut { .. }
            | Self::Broken { .. } => true,
            // The second try is made where it is met.
            Self::Refused { to } => !is_local(to),
            // A name that is unknown stays so; a name server that is away need not.
            Self::UnknownHost { again, .. } => *again,
            Self::Gone(_) | Self::Tls { .. } | Self::NoTrust(_) => false,
            Self::WrongProxy(_) | Self::ProxyRefused { .. } => false,
        }
    }

    /// Whether nothing of the request can have arrived, and repeating it does not help.
    pub(crate) fn is_settled(&self) -> bool {
        let later = matches!(self, Self::Refused { .. } | Self::UnknownHost { .. });
        !later && !self.is_passing()
    }
}

/// Whether `to`, as [`place`] writes it, is on this machine.
fn is_local(to: &str) -> bool {
    to.parse().is_ok_and(|uri| is_loopback(&uri))
}

impl Display for Trouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownHost { host, why, .. } => write!(f, "cannot find the host {host} ({why})"),
            Self::Refused { to } => write!(f, "cannot connect to {to} (connection refused)"),
            Self::Unreachable { to, why } => write!(f, "cannot connect to {to} ({why})"),
            Self::Late { to, limit } => {
                write!(f, "cannot connect to {to} (no answer within {} s)", limit.as_secs())
            }
            Self::Tls { to, why } => write!(f, "no secure connection to {to}: {why}"),
            Self::NoTrust(why) | Self::WrongProxy(why) | Self::Gone(why) => f.write_str(why),
            Self::ProxyRefused { proxy, to, why } => {
                write!(f, "the proxy {proxy} refuses to connect to {to}: {why}")
            }
            Self::ProxyAway { proxy, variable, why } => {
                write!(f, "cannot connect to the proxy {proxy}, which {variable} names ({why})")
            }
            Self::Silent { from, limit, sending } => {
                let seconds = limit.as_secs();
                match sending {
                    true => write!(f, "{from} took nothing more of the request for {seconds} s"),
                    false => write!(f, "no answer from {from} for {seconds} s"),
                }
            }
            Self::Dripping { from } => write!(f, "the answer from {from} came too slowly to end"),
            Self::Cut { from, bytes } => {
                write!(f, "the answer from {from} breaks off after {bytes} bytes")
            }
            Self::Broken { from, why } => {
                write!(f, "the connection to {from} ended before the answer did ({why})")
            }
        }
    }
}

impl Error for Trouble {}

impl From<Trouble> for ConnectorError {
    fn from(trouble: Trouble) -> Self {
        match &trouble {
            Trouble::Silent { .. } | Trouble::Late { .. } => Self::timeout(trouble.into()),
            _ if trouble.is_passing() => Self::io(trouble.into()),
            _ => Self::other(trouble.into(), None),
        }
    }
}

/// The trouble that an error is about, if it is one.
pub(crate) fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Trouble> {
    chain(error).find_map(|error| error.downcast_ref::<Trouble>())
}

/// An error and its causes. An `io::Error`'s own cause is what it wraps; `source` skips that.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

/// What the innermost cause says.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// What the system says, without its number and in lower case.
fn said(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
        _ => error.to_string(),
    };
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Where `uri` is, as people write it.
pub(super) fn place(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let host = uri.host().unwrap_or_default();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}")
}

/// Why a certificate is not taken.
fn distrust(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "its certificate is signed by nobody whom this machine \
                                            trusts; is there a proxy that looks into TLS, name \
                                            its certificate with AWS_CA_BUNDLE"
            .to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is ahead".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is behind".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name".to_owned()
        }
        other => format!("its certificate is not valid: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_below_what_wraps_them() {
        let rejected = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, rejected));
        let uri = "https://127.0.0.1:4567/path?query".parse().unwrap();
        let told = Trouble::securing(&uri, &wrapped).to_string();
        assert!(told.starts_with("no secure connection to https://127.0.0.1:4567: its"), "{told}");
        assert!(told.contains("AWS_CA_BUNDLE"), "{told}");
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        let refused = |to: &str| Trouble::Refused { to: to.to_owned() };
        assert!(refused("https://sts.amazonaws.com").is_passing());
        assert!(!refused("http://127.0.0.1:1").is_passing());
        assert!(!refused("http://127.0.0.1:1").is_settled(), "it may be there again later");
        assert!(Trouble::NoTrust(String::new()).is_settled());
        let away = |again| Trouble::UnknownHost { host: String::new(), why: String::new(), again };
        assert!(ConnectorError::from(away(true)).is_io());
        assert!(!ConnectorError::from(away(false)).is_io() && !away(false).is_settled());
    }

    #[test]
    fn what_the_system_says_is_a_fragment() {
        assert_eq!(said(&io::Error::from_raw_os_error(111)), "connection refused");
        assert_eq!(said(&io::Error::from_raw_os_error(101)), "network is unreachable");
    }
}
