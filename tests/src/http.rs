//! Requests to a deployed REST API, as its users make them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::emulator::Server;

/// A request to the API at `url` under its own host name, which the sandbox answers to; answers
/// status and body. Each of `headers` ends its line.
pub fn request(
    server: &Server,
    method: &str,
    url: &str,
    headers: &str,
    body: &str,
) -> (u16, String) {
    let (host, path) = url.trim_start_matches("https://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(server.endpoint.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "{method} /{path} HTTP/1.0\r\nHost: {host}\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
