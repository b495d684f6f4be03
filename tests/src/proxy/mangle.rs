//! Answers as no AWS gives them: cut, empty, of other types, without an end.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an answer becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mangling {
    /// Half of its body, as if that were all.
    Half,
    /// No body at all.
    Empty,
    /// Texts where numbers are due, and the other way round.
    OtherTypes,
    /// Bytes that mean nothing.
    Noise,
    /// Some hundred megabytes, and no length told.
    Huge,
    /// A page that names another one, whatever was asked for.
    MorePages,
    /// Somewhere else: the port is another server's.
    Elsewhere(u16),
}

/// Tells one page from another.
static PAGE: AtomicU64 = AtomicU64::new(0);

impl Mangling {
    /// Writes what `answer` becomes.
    pub(super) fn write(self, answer: &[u8], client: &mut impl Write) -> std::io::Result<()> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
        let head = String::from_utf8_lossy(head);
        let kept = head.trim_end().split("\r\n").filter(|line| {
            let line = line.to_ascii_lowercase();
            !line.starts_with("content-length:") && !line.starts_with("transfer-encoding:")
        });
        let head = kept.collect::<Vec<_>>().join("\r\n");
        let text = String::from_utf8_lossy(body);
        let body: Vec<u8> = match self {
            Self::Half => body[..body.len() / 2].to_vec(),
            Self::Empty => Vec::new(),
            Self::OtherTypes => other_types(&text).into_bytes(),
            Self::Noise => (0..512_u16).map(|n| (n * 37 % 251).to_le_bytes()[0]).collect(),
            Self::MorePages => more_pages(&text).into_bytes(),
            Self::Huge => {
                client.write_all(format!("{head}\r\n\r\n").as_bytes())?;
                let chunk = vec![b' '; 1024 * 1024];
                for _ in 0..400 {
                    client.write_all(&chunk)?;
                }
                return client.write_all(body);
            }
            Self::Elsewhere(port) => {
                let to = format!("http://127.0.0.1:{port}/");
                let answer = format!(
                    "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\n\
                     Connection: close\r\nContent-Length: 0\r\n\r\n"
                );
                return client.write_all(answer.as_bytes());
            }
        };
        let head = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len());
        client.write_all(&[head.as_bytes(), &body].concat())
    }
}

/// JSON's values and the texts between XML's tags, swapped for others.
fn other_types(text: &str) -> String {
    if let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) {
        swap(&mut json);
        return json.to_string();
    }
    let mut out = String::new();
    for (nth, piece) in text.split('>').enumerate() {
        let (between, tag) = piece.split_once('<').unwrap_or((piece, ""));
        let between = match between.trim().is_empty() || nth == 0 {
            true => between.to_owned(),
            false if between.parse::<f64>().is_ok() => "many".to_owned(),
            false => "-1".to_owned(),
        };
        out += &between;
        if !tag.is_empty() {
            out += &format!("<{tag}>");
        }
    }
    out
}

fn swap(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(_) => *value = 7.into(),
        Value::Number(_) | Value::Bool(_) => *value = "seven".into(),
        Value::Array(items) => items.iter_mut().for_each(swap),
        Value::Object(map) => map.values_mut().for_each(swap),
        Value::Null => *value = Value::Array(Vec::new()),
    }
}

fn more_pages(text: &str) -> String {
    let page = PAGE.fetch_add(1, Ordering::Relaxed);
    if let Ok(serde_json::Value::Object(mut map)) = serde_json::from_str(text) {
        for name in ["NextToken", "nextToken", "NextMarker", "Marker"] {
            map.insert(name.to_owned(), format!("page-{page}").into());
        }
        map.insert("Truncated".to_owned(), true.into());
        return serde_json::Value::Object(map).to_string();
    }
    let more = format!(
        "<nextToken>page-{page}</nextToken><NextToken>page-{page}</NextToken>\
         <IsTruncated>true</IsTruncated><Marker>page-{page}</Marker>\
         <NextKeyMarker>page-{page}</NextKeyMarker>"
    );
    match text.rfind("</") {
        Some(at) => format!("{}{more}{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}
