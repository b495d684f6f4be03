//! Requests and refusals in AWS's protocols: JSON, Query, EC2's Query, REST-XML, REST-JSON, CBOR.

use std::io::{ErrorKind, Read};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many requests.
    Throttled,
    /// An internal error, as the service words it.
    Broken,
    /// 503 by something in between, which knows no protocol.
    Unavailable,
    /// The credentials have expired.
    Expired,
    /// The client's clock is an hour behind.
    Skewed,
    /// Another request is writing the same object: S3's guide, "Add preconditions to S3 operations
    /// with conditional requests", read 2026-12-01.
    Conflict,
    /// With this code, as a request that is wrong.
    Code(&'static str),
}

/// One HTTP request.
#[derive(Debug)]
pub(super) struct Request {
    /// Request line and headers, without the empty line.
    head: String,
    pub(super) body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    Ec2,
    RestXml,
    RestJson,
    Cbor,
}

impl Request {
    /// Reads one; `None` where the connection ends before a whole one came.
    pub(super) fn read(stream: &mut impl Read) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            let whole = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = whole {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let mut request = Self { head, body: bytes.split_off(end + 4) };
                let length = request.header("content-length").and_then(|text| text.parse().ok());
                let length: usize = length.unwrap_or_default();
                assert!(request.header("transfer-encoding").is_none(), "{}", request.head);
                while request.body.len() < length {
                    match stream.read(&mut chunk)? {
                        0 => return Ok(None),
                        count => request.body.extend_from_slice(&chunk[..count]),
                    }
                }
                return Ok(Some(request));
            }
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// As it goes to the emulator, which is to close the connection after the answer.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let stays = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
        let mut head: Vec<&str> = self.head.split("\r\n").filter(stays).collect();
        head.push("Connection: close");
        let mut bytes = (head.join("\r\n") + "\r\n\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(super) fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// Path and query.
    pub(super) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Changes path, query and body by `change`, which keeps lengths.
    pub(super) fn rewrite(&mut self, from: &str, to: &str) {
        assert_eq!(from.len(), to.len());
        let (line, headers) = self.head.split_once("\r\n").unwrap_or((&self.head, ""));
        self.head = format!("{}\r\n{headers}", line.replace(from, to));
        let body = String::from_utf8_lossy(&self.body).replace(from, to);
        self.body = body.into_bytes();
    }

    /// What it is signed with: key id, day, region, service.
    fn scope(&self) -> impl Iterator<Item = &str> {
        let scope = self.header("authorization").and_then(|all| all.split("Credential=").nth(1));
        scope.unwrap_or_default().split('/')
    }

    /// The access key id that signed it.
    pub(super) fn key(&self) -> Option<String> {
        self.scope().next().filter(|key| !key.is_empty()).map(str::to_owned)
    }

    /// The signing name of the service, such as `ec2`.
    fn service(&self) -> &str {
        self.scope().nth(3).unwrap_or("none")
    }

    /// The form in the body, where there is one.
    pub(super) fn form(&self) -> Option<String> {
        let content = self.header("content-type").unwrap_or_default();
        let is_form = content.starts_with("application/x-www-form-urlencoded");
        is_form.then(|| String::from_utf8_lossy(&self.body).into_owned())
    }

    /// The operation where the request names it.
    fn operation(&self) -> Option<&str> {
        match self.protocol() {
            Protocol::Json => self.header("x-amz-target")?.rsplit('.').next(),
            Protocol::Cbor => self.target().rsplit('/').next(),
            Protocol::Query | Protocol::Ec2 => {
                let text = std::str::from_utf8(&self.body).ok()?;
                text.split('&').find_map(|pair| pair.strip_prefix("Action="))
            }
            Protocol::RestXml | Protocol::RestJson => None,
        }
    }

    fn protocol(&self) -> Protocol {
        let content = self.header("content-type").unwrap_or_default();
        if self.header("x-amz-target").is_some() {
            Protocol::Json
        } else if self.target().starts_with("/service/") {
            Protocol::Cbor
        } else if content.starts_with("application/x-www-form-urlencoded") {
            if self.service() == "ec2" { Protocol::Ec2 } else { Protocol::Query }
        } else if self.service() == "s3" {
            Protocol::RestXml
        } else {
            Protocol::RestJson
        }
    }

    /// Such as `ec2 CreateVpc`, or `lambda PUT /2015-03-31/functions/x/code`.
    pub(super) fn name(&self) -> String {
        match self.operation() {
            Some(operation) => format!("{} {operation}", self.service()),
            None => {
                let target = self.target().split("x-id=").next().unwrap_or_default();
                let target = target.trim_end_matches(['?', '&']);
                format!("{} {} {target}", self.service(), self.method())
            }
        }
    }

    /// Whether it changes something.
    pub(super) fn is_changing(&self) -> bool {
        const READ: [&str; 5] = ["Describe", "Get", "Head", "List", "Simulate"];
        match self.operation() {
            Some(operation) => !READ.iter().any(|verb| operation.starts_with(verb)),
            None => !matches!(self.method(), "GET" | "HEAD"),
        }
    }

    /// Whether it makes something new.
    pub(super) fn is_creation(&self) -> bool {
        match (self.operation(), self.protocol()) {
            (Some(operation), _) => {
                ["Create", "Allocate"].iter().any(|verb| operation.starts_with(verb))
            }
            (None, Protocol::RestXml) => self.method() == "PUT" && !self.target().contains('?'),
            (None, _) => {
                let target = self.target();
                let makes = target.ends_with("/functions") || target.starts_with("/restapis");
                self.method() == "POST" && makes
            }
        }
    }

    /// The answer of a service that refuses it.
    pub(super) fn refused(&self, refusal: Refusal) -> Vec<u8> {
        use Protocol::{Cbor, Ec2, Json, Query, RestJson, RestXml};
        let protocol = self.protocol();
        let (status, code) = match (refusal, protocol) {
            (Refusal::Unavailable, _) => {
                return answer(503, &[("Content-Type", "text/html")], b"<html>later</html>");
            }
            (Refusal::Code(code), _) => (400, code),
            (Refusal::Conflict, _) => (409, "ConditionalRequestConflict"),
            (Refusal::Throttled, Ec2) => (503, "RequestLimitExceeded"),
            (Refusal::Throttled, Query) => (400, "Throttling"),
            (Refusal::Throttled, RestXml) => (503, "SlowDown"),
            (Refusal::Throttled, RestJson) => (429, "TooManyRequestsException"),
            (Refusal::Throttled, Json | Cbor) => (400, "ThrottlingException"),
            (Refusal::Broken, Ec2 | RestXml) => (500, "InternalError"),
            (Refusal::Broken, Query | Json | Cbor) => (500, "InternalFailure"),
            (Refusal::Broken, RestJson) => (500, "ServiceException"),
            (Refusal::Expired, Ec2) => (400, "RequestExpired"),
            (Refusal::Expired, Query | RestXml) => (403, "ExpiredToken"),
            (Refusal::Expired, Json | Cbor) => (400, "ExpiredTokenException"),
            (Refusal::Expired, RestJson) => (403, "ExpiredTokenException"),
            (Refusal::Skewed, Ec2) => (400, "RequestExpired"),
            (Refusal::Skewed, Query) => (403, "SignatureDoesNotMatch"),
            (Refusal::Skewed, RestXml) => (403, "RequestTimeTooSkewed"),
            (Refusal::Skewed, Json | Cbor | RestJson) => (403, "InvalidSignatureException"),
        };
        let why = "injected by the proxy";
        let ahead = if refusal == Refusal::Skewed { 3_600 } else { 0 };
        let now = DateTime::from(SystemTime::now() + Duration::from_secs(ahead));
        let date = now.fmt(DateTimeFormat::HttpDate).unwrap();
        let answer = |status, headers: &[(&str, &str)], body: &[u8]| {
            answer(status, &[headers, &[("Date", date.as_str())]].concat(), body)
        };
        match protocol {
            Ec2 => {
                let body = format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{why}</Message></Error>\
                     </Errors><RequestID>proxy</RequestID></Response>"
                );
                answer(status, &[("Content-Type", "text/xml")], body.as_bytes())
            }
            Query => {
                let body = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                     <Message>{why}</Message></Error><RequestId>proxy</RequestId></ErrorResponse>"
                );
                answer(status, &[("Content-Type", "text/xml")], body.as_bytes())
            }
            RestXml => {
                let body = format!("<Error><Code>{code}</Code><Message>{why}</Message></Error>");
                answer(status, &[("Content-Type", "application/xml")], body.as_bytes())
            }
            Json | RestJson => {
                let body = format!(r#"{{"__type":"{code}","message":"{why}"}}"#);
                let headers =
                    [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)];
                answer(status, &headers, body.as_bytes())
            }
            Cbor => {
                // A map of two texts.
                let mut body = vec![0xa2];
                for text in ["__type", code, "message", why] {
                    assert!(text.len() < 256);
                    body.extend([0x78, u8::try_from(text.len()).unwrap()]);
                    body.extend_from_slice(text.as_bytes());
                }
                let headers =
                    [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
                answer(status, &headers, &body)
            }
        }
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Refused\r\nConnection: close\r\n");
    head += &format!("x-amzn-requestid: proxy\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut bytes = (head + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
