//! Answers that are none: what came instead of what AWS would have said.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::http::trouble;

/// How much of an answer is looked at to say what it is.
const BEGINNING: usize = 512;

/// What is wrong with an answer that could not be understood, because of `error`.
pub(super) fn wrong(answer: &HttpResponse, error: &(dyn Error + 'static)) -> String {
    if let Some(trouble) = trouble::find(error) {
        return format!("the answer could not be read: {trouble}");
    }
    let status = answer.status().as_u16();
    let content = answer.headers().get("content-type").unwrap_or("none");
    let body = answer.body().bytes().unwrap_or_default();
    let (what, why) = seen(body);
    let mut text = format!("the answer is {what} (HTTP status {status}, content type {content})");
    match why {
        Some(why) => text += &format!(": {why}"),
        None => text += &format!(", and could not be read: {}", chain(error)),
    }
    text
}

/// The causes of an error, outermost first, without the repetition.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

/// What a refusal without AWS's words says.
pub(super) fn refusal(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    match seen(answer.body().bytes().unwrap_or_default()) {
        (what, Some(why)) if what == "a web page" => {
            format!("HTTP status {status} with a web page: {why}")
        }
        _ => format!("HTTP status {status}"),
    }
}

/// What a body looks like, and why it may have come, where that is known.
fn seen(body: &[u8]) -> (String, Option<&'static str>) {
    let beginning = String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]).to_lowercase();
    let beginning = beginning.trim_start();
    let length = body.len();
    if beginning.is_empty() {
        return ("empty".to_owned(), Some("the server left out what was asked for"));
    }
    if beginning.starts_with("<!doctype html") || beginning.starts_with("<html") {
        let why = "something other than AWS answers there, such as a proxy or a sign-in page";
        return ("a web page".to_owned(), Some(why));
    }
    let first = beginning.chars().next().unwrap_or_default();
    let form = match first {
        '{' | '[' => "JSON",
        '<' => "XML",
        _ => return (format!("neither JSON nor XML, {length} bytes"), None),
    };
    // AWS's own end so.
    let last =
        String::from_utf8_lossy(&body[length.saturating_sub(16)..]).trim_end().chars().last();
    let ended = matches!((first, last), ('{', Some('}')) | ('[', Some(']')) | ('<', Some('>')));
    match ended {
        true => (format!("{form}, {length} bytes"), None),
        false => {
            let what = format!("{form} that breaks off after {length} bytes");
            (what, Some("the server or something before it cut it short"))
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn told(content: &str, body: &str) -> String {
        let status = StatusCode::try_from(200).unwrap();
        let mut answer = HttpResponse::new(status, SdkBody::from(body));
        answer.headers_mut().insert("content-type", content.to_owned());
        wrong(&answer, &std::io::Error::other(std::io::Error::other("expected `,` or `}`")))
    }

    #[test]
    fn what_came_instead_is_named() {
        let page = told("text/html", "\n<!DOCTYPE html><html><body>Sign in</body></html>");
        assert!(
            page.starts_with("the answer is a web page (HTTP status 200, content type text/html)")
        );
        assert!(page.contains("proxy or a sign-in page"), "{page}");
        assert!(told("text/xml", "<a><b>1</b").contains("XML that breaks off after 10 bytes"));
        assert!(told("application/json", "{\"a\": 1").contains("JSON that breaks off"));
        assert!(told("text/plain", "").contains("the answer is empty"));
        let odd = told("application/json", "{\"a\": }");
        assert!(odd.contains("JSON, 7 bytes") && odd.contains("expected `,` or `}`"), "{odd}");
        assert!(told("text/plain", "\u{1}\u{2}noise").contains("neither JSON nor XML, 7 bytes"));
    }
}
