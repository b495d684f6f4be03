//! Which way a request takes: straight to its host, or through the proxy that the environment
//! names, as the AWS CLI does it.
//!
//! `HTTP_PROXY` is for `http://`, `HTTPS_PROXY` for `https://`, a variable in lower case wins over
//! the same one in capitals, and `NO_PROXY` is a list of hosts and domains, or `*`
//! (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html>, 2026-11-29;
//! botocore 1.44.5, `utils.get_environ_proxies`, which asks Python's `urllib`). As there,
//! `ALL_PROXY` is not looked at. As other tools have it, `NO_PROXY` may also name networks
//! (`10.0.0.0/8`) and all of a domain (`*.example.com`).
//!
//! Two things differ, as no proxy can reach them for us: this machine's loopback, where the
//! sandbox is, and the link-local addresses, where EC2 and ECS hand out credentials. Through a
//! proxy these would be the proxy's own: the page above asks to list 169.254.169.254 in `NO_PROXY`.

use std::env;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use http::uri::{Authority, Scheme};
use http::{Uri, uri};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;

use super::local::is_near;
use super::trouble::Trouble;

/// The proxies, by what they are for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    http: Option<Result<Proxy, Trouble>>,
    https: Option<Result<Proxy, Trouble>>,
    /// What is reached without one.
    direct: Vec<String>,
}

/// A proxy.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    /// Where it is, without what signs in to it.
    pub(crate) uri: Uri,
    /// What signs in to it: marked as sensitive, so that it is not shown.
    pub(crate) authorization: Option<HeaderValue>,
    /// The variable that names it.
    pub(crate) variable: String,
}

impl Routes {
    /// The environment's.
    pub(crate) fn of_environment() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    /// Those that `variable` tells of, by name.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        // One in lower case wins, be it empty: then there is none.
        let named = |name: &str| {
            let (small, capital) = (name.to_lowercase(), name.to_uppercase());
            let found = variable(&small).map(|value| (small, value));
            let found = found.or_else(|| variable(&capital).map(|value| (capital, value)));
            found.filter(|(_, value)| !value.is_empty())
        };
        let proxy = |name: &str| named(name).map(|(name, value)| Proxy::read(&name, &value));
        let direct = named("no_proxy").map(|(_, value)| value).unwrap_or_default();
        Self {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            direct: direct.split(',').map(|name| name.trim().to_lowercase()).collect(),
        }
    }

    /// The proxy for `to`, if it is not reached straight.
    pub(crate) fn proxy(&self, to: &Uri) -> Result<Option<&Proxy>, Trouble> {
        let proxy = match to.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => &self.https,
            _ => &self.http,
        };
        let Some(proxy) = proxy else { return Ok(None) };
        if is_near(to) || self.is_direct(to) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(Clone::clone)
    }

    /// Whether `NO_PROXY` says so.
    fn is_direct(&self, to: &Uri) -> bool {
        let host = to.host().unwrap_or_default().to_lowercase();
        let whole = to.authority().map(|whole| whole.as_str().to_lowercase()).unwrap_or_default();
        if self.direct == ["*"] {
            return true;
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let within = |name: &String| {
            let network =
                name.parse::<IpNet>().or_else(|_| name.parse().map(|one: IpAddr| one.into()));
            network.is_ok_and(|network| address.is_some_and(|address| network.contains(&address)))
        };
        if self.direct.iter().any(within) {
            return true;
        }
        let plain =
            |name: &'_ String| name.trim_start_matches('*').trim_start_matches('.').to_owned();
        self.direct.iter().map(plain).any(|name| {
            let ends = |text: &str| {
                text.strip_suffix(&*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            !name.is_empty() && (ends(&host) || ends(&whole))
        })
    }
}

impl Proxy {
    /// `value` may hold a password: no message repeats it.
    fn read(variable: &str, value: &str) -> Result<Self, Trouble> {
        let wrong = |why: &str| Trouble::WrongProxy(format!("{variable} {why}"));
        let text = match value {
            _ if value.contains("://") => value.to_owned(),
            // As botocore completes them.
            _ => format!("http://{}", value.trim_start_matches("//")),
        };
        let form = "is not the URL of a proxy, such as http://proxy.example.com:3128";
        let uri: Uri = text.parse().map_err(|_| wrong(form))?;
        let scheme = uri.scheme().ok_or_else(|| wrong(form))?.clone();
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong(&format!(
                "names a {scheme} proxy: payctl knows http and https ones"
            )));
        }
        let authority = uri.authority().ok_or_else(|| wrong(form))?.as_str();
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let place: Authority = place.parse().map_err(|_| wrong(form))?;
        if place.host().is_empty() {
            return Err(wrong(form));
        }
        let uri = uri::Builder::new().scheme(scheme).authority(place).path_and_query("/").build();
        Ok(Self {
            uri: uri.map_err(|_| wrong(form))?,
            authorization: user.map(basic).transpose().map_err(|_| wrong(form))?,
            variable: variable.to_owned(),
        })
    }
}

/// `USER:PASSWORD`, percent-encoded as in a URL, as a proxy is told.
fn basic(user: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let plain = |text| percent_decode_str(text).decode_utf8_lossy();
    let both = STANDARD.encode(format!("{}:{}", plain(name), plain(password)));
    let mut value = HeaderValue::try_from(format!("Basic {both}"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a request to `to` goes: `direct`, a proxy's URL, or what is wrong.
    fn way(variables: &[(&str, &str)], to: &str) -> String {
        let known = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        match Routes::of(known).proxy(&to.parse().unwrap()) {
            Ok(None) => "direct".to_owned(),
            Ok(Some(proxy)) => proxy.uri.to_string(),
            Err(trouble) => trouble.to_string(),
        }
    }

    const PROXIES: [(&str, &str); 2] =
        [("HTTP_PROXY", "http://plain:1"), ("HTTPS_PROXY", "https://secret:2")];

    #[test]
    fn each_scheme_has_its_proxy() {
        assert_eq!(way(&PROXIES, "https://ec2.us-east-1.amazonaws.com/"), "https://secret:2/");
        assert_eq!(way(&PROXIES, "http://localstack:4566/"), "http://plain:1/");
        assert_eq!(way(&PROXIES[..1], "https://ec2.us-east-1.amazonaws.com/"), "direct");
        assert_eq!(way(&[("ALL_PROXY", "http://all:1")], "https://sts.amazonaws.com/"), "direct");
        assert_eq!(way(&[], "https://sts.amazonaws.com/"), "direct");
    }

    #[test]
    fn a_variable_in_lower_case_wins() {
        let both = [("HTTPS_PROXY", "http://capital:1"), ("https_proxy", "http://small:1")];
        assert_eq!(way(&both, "https://sts.amazonaws.com/"), "http://small:1/");
        let none = [("HTTPS_PROXY", "http://capital:1"), ("https_proxy", "")];
        assert_eq!(way(&none, "https://sts.amazonaws.com/"), "direct");
    }

    #[test]
    fn this_machine_and_its_host_are_reached_straight() {
        for to in [
            "http://127.0.0.1:5000/",
            "http://127.8.9.1:5000/",
            "http://[::1]:5000/",
            "http://localhost:4566/",
            "http://LOCALHOST/",
            "http://s3.localhost:4566/",
            "https://127.0.0.1:5000/",
            "http://169.254.169.254/latest/meta-data",
            "http://169.254.170.2/v2/credentials",
            "http://[fd00:ec2::254]/latest",
        ] {
            assert_eq!(way(&PROXIES, to), "direct", "{to}");
        }
        for to in ["http://localhost.example.com/", "http://128.0.0.1/", "http://10.0.0.1/"] {
            assert_eq!(way(&PROXIES, to), "http://plain:1/", "{to}");
        }
    }

    #[test]
    fn what_no_proxy_lists_is_reached_straight() {
        for (list, to, is_direct) in [
            ("*", "https://sts.amazonaws.com/", true),
            ("amazonaws.com", "https://sts.amazonaws.com/", true),
            (".amazonaws.com", "https://sts.amazonaws.com/", true),
            ("sts.amazonaws.com", "https://sts.amazonaws.com/", true),
            ("example.com, AmazonAWS.com", "https://sts.amazonaws.com/", true),
            ("sts.amazonaws.com:443", "https://sts.amazonaws.com:443/", true),
            ("sts.amazonaws.com:8443", "https://sts.amazonaws.com/", false),
            ("onaws.com", "https://sts.amazonaws.com/", false),
            ("", "https://sts.amazonaws.com/", false),
            (",,", "https://sts.amazonaws.com/", false),
            ("10.0.0.5", "https://10.0.0.5/", true),
            ("10.0.0.0/8", "https://10.0.0.5/", true),
            ("10.0.0.0/8", "https://11.0.0.5/", false),
            ("fd00::/8", "https://[fd00::1]/", true),
            ("fd00::1", "https://[fd00::1]/", true),
            ("*.amazonaws.com", "https://sts.amazonaws.com/", true),
            ("*.example.com", "https://sts.amazonaws.com/", false),
        ] {
            let way = way(&[("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", list)], to);
            assert_eq!(way == "direct", is_direct, "{list} {to}: {way}");
        }
    }

    #[test]
    fn what_signs_in_to_a_proxy_is_kept_apart_and_is_not_shown() {
        let proxy = Proxy::read("HTTPS_PROXY", "http://us%40er:pa%3Ass@proxy:3128").unwrap();
        assert_eq!(proxy.uri.to_string(), "http://proxy:3128/");
        let told = proxy.authorization.clone().unwrap();
        assert_eq!(told.to_str().unwrap(), format!("Basic {}", STANDARD.encode("us@er:pa:ss")));
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("pa%3Ass") && !shown.contains("Basic"), "{shown}");
        assert_eq!(Proxy::read("x", "proxy:3128").unwrap().uri.to_string(), "http://proxy:3128/");
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for (value, why) in [
            ("socks5://user:hidden@proxy:1080", "a socks5 proxy"),
            ("http://user:hidden@", "is not the URL"),
            ("http://user:hid den@proxy", "is not the URL"),
        ] {
            let wrong = way(&[("https_proxy", value)], "https://sts.amazonaws.com/");
            assert!(wrong.contains(why) && wrong.starts_with("https_proxy "), "{wrong}");
            assert!(!wrong.contains("hid"), "{wrong}");
            // What does not take it is not stopped by it.
            assert_eq!(way(&[("https_proxy", value)], "http://localhost/"), "direct");
        }
    }
}
