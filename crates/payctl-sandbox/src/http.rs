//! As much HTTP as the server's control calls need.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than the server takes to answer while it is busy with something else.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends one request without a body to 127.0.0.1:`port` and returns the body of a 200 answer.
pub(crate) async fn call(port: u16, method: &str, path: &str) -> io::Result<Vec<u8>> {
    let answer = tokio::time::timeout(TIMEOUT, exchange(port, method, path)).await??;
    let (head, body) = split(&answer).ok_or_else(|| malformed("no end of headers"))?;
    let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if status != b"200" {
        return Err(malformed(&format!("status {}", String::from_utf8_lossy(status))));
    }
    Ok(body.to_owned())
}

async fn exchange(port: u16, method: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn split(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&answer[..end], &answer[end + 4..]))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
