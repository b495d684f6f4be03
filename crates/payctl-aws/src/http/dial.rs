//! Opening connections: straight or through a proxy, with TLS or without.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::gate::{Gate, Gated};
use super::local::is_loopback;
use super::routes::{Proxy, Routes};
use super::trouble::{Trouble, place};
use super::trust::Trust;

/// How much the system takes of what is sent before the other side has: little, so that what was
/// handed over tells how far a request has got. A line of 100 ms still carries 20 Mbit/s (Linux
/// doubles it).
const SEND_BUFFER: usize = 128 * 1024;

/// Before the second try to connect to this machine.
const SOON: Duration = Duration::from_millis(200);

/// The longest answer of a proxy to CONNECT that is read.
const LONGEST_REFUSAL: usize = 8 * 1024;

/// A server that is known to have been there, and what to say when it is no more.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) ended: String,
}

/// Opens connections.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    tcp: HttpConnector,
    routes: Arc<Routes>,
    trust: Arc<Trust>,
    server: Option<Arc<Server>>,
    /// How long opening one may take, all in all.
    limit: Duration,
    gate: Gate,
}

impl Dial {
    pub(super) fn new(
        routes: Arc<Routes>,
        trust: Arc<Trust>,
        server: Option<Arc<Server>>,
        limit: Duration,
        gate: Gate,
    ) -> Self {
        let mut tcp = HttpConnector::new();
        // Which of the two it is is seen to here.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_send_buffer_size(Some(SEND_BUFFER));
        Self { tcp, routes, trust, server, limit, gate }
    }

    async fn open(mut self, to: Uri) -> Result<Line, Trouble> {
        let tls = to.scheme() == Some(&Scheme::HTTPS);
        // Before anything is connected to: nothing works without.
        if tls {
            self.trust.config()?;
        }
        let Some(proxy) = self.routes.proxy(&to)?.cloned() else {
            let plain: Box<dyn Both> = Box::new(self.connect(&to).await?);
            let io = if tls { self.secure(&to, plain).await? } else { plain };
            return Ok(Line { io, forwarded: false });
        };
        let mut io = self.reach(&proxy).await?;
        if !tls {
            return Ok(Line { io, forwarded: true });
        }
        tunnel(&mut io, &proxy, &to).await?;
        Ok(Line { io: self.secure(&to, io).await?, forwarded: false })
    }

    /// A connection to where `to` is.
    async fn connect(&mut self, to: &Uri) -> Result<Gated<TcpStream>, Trouble> {
        let mut again = is_loopback(to);
        loop {
            // It is always ready.
            match self.tcp.call(to.clone()).await {
                Ok(io) => return Ok(Gated::new(io.into_inner(), self.gate.clone())),
                Err(error) => {
                    let trouble = Trouble::connecting(to, &error);
                    let refused = matches!(trouble, Trouble::Refused { .. });
                    // A server on this machine is there or not; it may just be starting.
                    if !(refused && std::mem::take(&mut again)) {
                        let known = self.server.iter().find(|known| known.endpoint == place(to));
                        return Err(match known.filter(|_| refused) {
                            Some(known) => Trouble::Gone(known.ended.clone()),
                            None => trouble,
                        });
                    }
                    tokio::time::sleep(SOON).await;
                }
            }
        }
    }

    /// TLS with `to` over `io`.
    async fn secure(&self, to: &Uri, io: Box<dyn Both>) -> Result<Box<dyn Both>, Trouble> {
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| Trouble::securing(to, &error))?;
        let connector = TlsConnector::from(self.trust.config()?);
        let secured = connector.connect(name, io).await;
        Ok(Box::new(secured.map_err(|error| Trouble::securing(to, &error))?))
    }

    /// A connection to `proxy` itself.
    async fn reach(&mut self, proxy: &Proxy) -> Result<Box<dyn Both>, Trouble> {
        let away = |why: &str| Trouble::ProxyAway {
            proxy: place(&proxy.uri),
            variable: proxy.variable.clone(),
            why: why.to_owned(),
        };
        let plain: Box<dyn Both> = match self.connect(&proxy.uri).await {
            Ok(stream) => Box::new(stream),
            Err(Trouble::Refused { .. }) => return Err(away("connection refused")),
            Err(Trouble::Unreachable { why, .. }) => return Err(away(&why)),
            Err(Trouble::UnknownHost { why, .. }) => return Err(away(&why)),
            Err(other) => return Err(other),
        };
        match proxy.uri.scheme() == Some(&Scheme::HTTPS) {
            true => self.secure(&proxy.uri, plain).await,
            false => Ok(plain),
        }
    }
}

/// Asks `proxy` to pass on what is sent over `io` to `to`.
async fn tunnel(io: &mut Box<dyn Both>, proxy: &Proxy, to: &Uri) -> Result<(), Trouble> {
    let refused =
        |why: String| Trouble::ProxyRefused { proxy: place(&proxy.uri), to: place(to), why };
    let broken = |error: io::Error| Trouble::sending(&proxy.uri, &error);
    let host = to.host().unwrap_or_default();
    let port = to.port_u16().unwrap_or(443);
    let mut request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    io.write_all(&request).await.map_err(broken)?;
    let mut answer = Vec::new();
    // Byte by byte, so that nothing behind it is read: a proxy's answer is short.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == LONGEST_REFUSAL {
            return Err(refused("its answer has no end".to_owned()));
        }
        answer.push(io.read_u8().await.map_err(broken)?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let line = answer.lines().next().unwrap_or_default();
    match line.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()) {
        Some(200..=299) => Ok(()),
        Some(407) if proxy.authorization.is_some() => {
            Err(refused("it does not take the user and password (HTTP status 407)".to_owned()))
        }
        Some(407) => Err(refused(format!(
            "it asks who is there (HTTP status 407): write {} as http://USER:PASSWORD@HOST:PORT",
            proxy.variable
        ))),
        Some(status) => Err(refused(format!("HTTP status {status}"))),
        None => Err(refused("its answer is not HTTP".to_owned())),
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Line>;
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Line>, Trouble>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (dial, limit) = (self.clone(), self.limit);
        Box::pin(async move {
            let opened = tokio::time::timeout(limit, dial.open(to.clone())).await;
            opened
                .unwrap_or_else(|_| Err(Trouble::Late { to: place(&to), limit }))
                .map(TokioIo::new)
        })
    }
}

/// What can be read and written.
trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// An open connection.
pub(super) struct Line {
    io: Box<dyn Both>,
    /// A proxy at its other end takes requests on, and has to be told where to.
    forwarded: bool,
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded)
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn dial(server: Option<Server>, limit: Duration) -> Dial {
        Dial::new(Arc::default(), Arc::default(), server.map(Arc::new), limit, Gate::default())
    }

    async fn told(dial: Dial, to: &str) -> String {
        let opened = dial.clone().call(to.parse().unwrap()).await;
        opened.err().map(|trouble| trouble.to_string()).unwrap_or_default()
    }

    const SHORT: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn what_keeps_a_connection_from_being_opened_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(told(dial(None, SHORT), &open).await, "");
        drop(listener);
        let refused = format!("cannot connect to {open} (connection refused)");
        assert_eq!(told(dial(None, SHORT), &open).await, refused);
        let server = Server { endpoint: open.clone(), ended: "it has ended".to_owned() };
        assert_eq!(told(dial(Some(server), SHORT), &open).await, "it has ended");
        // A name that RFC 2606 keeps from ever being one. Without a network, that is what is said.
        let nowhere = told(dial(None, Duration::from_secs(60)), "http://nowhere.invalid/").await;
        assert!(nowhere.starts_with("cannot find the host nowhere.invalid ("), "{nowhere}");
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_not_waited_for() {
        // It takes connections, and never speaks TLS.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = format!("https://{}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = folder.path().join("some.pem");
        std::fs::write(&path, made.cert.pem()).unwrap();
        let mut dial = dial(None, SHORT);
        dial.trust = Arc::new(Trust::of_bundle("test", &path.display().to_string()));
        let late = format!("cannot connect to {silent} (no answer within 1 s)");
        assert_eq!(told(dial, &silent).await, late);
    }
}
