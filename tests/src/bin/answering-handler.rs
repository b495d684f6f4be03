//! A handler that answers every event with the event itself: what of a function's code the tests of
//! payctl need to be run, by Lambda's Runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _};
use std::net::TcpStream;

fn main() -> Result<()> {
    let place = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(Error::other)?;
    loop {
        let (headers, event) = request(&place, "GET", "next", &[])?;
        let id = headers.iter().find_map(|(name, value)| {
            name.eq_ignore_ascii_case("lambda-runtime-aws-request-id").then_some(value)
        });
        let id = id.ok_or_else(|| Error::other("an invocation without an id"))?;
        request(&place, "POST", &format!("{id}/response"), &event)?;
    }
}

/// Headers and body of an answer.
type Answer = (Vec<(String, String)>, Vec<u8>);

fn request(place: &str, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(place)?;
    write!(
        stream,
        "{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nHost: {place}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut stream = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let pair = line.split_once(':');
        headers.extend(pair.map(|(name, value)| (name.to_owned(), value.trim().to_owned())));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((headers, body))
}
