//! Keeps back what may not leave any more, where it would leave: at the socket.
//!
//! Between the moment a call is allowed and the one its bytes are handed to the system it may wait
//! for a connection, for a name, for TLS, or for as long as the machine sleeps. Who was asked before
//! that has answered for another moment.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use aws_smithy_runtime_api::box_error::BoxError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether what is to leave may.
type Permit = dyn Fn() -> Result<(), BoxError> + Send + Sync;

/// Open until somebody keeps it.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<OnceLock<Box<Permit>>>);

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gate").field(&self.0.get().is_some()).finish()
    }
}

impl Gate {
    /// Asks `permit` from now on. There is one keeper: a further one is not asked.
    pub(crate) fn keep(&self, permit: impl Fn() -> Result<(), BoxError> + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(permit));
    }

    /// Whether it is open.
    pub(crate) fn ask(&self) -> Result<(), BoxError> {
        self.0.get().map_or(Ok(()), |permit| permit())
    }
}

/// A stream that takes bytes only while its gate is open. It stands right before the system, below
/// TLS and proxies, so that nothing is kept anywhere behind it.
#[derive(Debug)]
pub(super) struct Gated<S> {
    stream: S,
    gate: Gate,
}

impl<S> Gated<S> {
    pub(super) fn new(stream: S, gate: Gate) -> Self {
        Self { stream, gate }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.gate.ask().map_err(io::Error::other)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.gate.ask().map_err(io::Error::other)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use aws_smithy_runtime_api::client::http::{
        HttpClient as _, HttpConnector as _, HttpConnectorSettings,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
    use aws_smithy_types::body::SdkBody;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::trust::Trust;

    /// A server that counts the bytes it is sent on each connection, and answers each request.
    async fn serve(listener: TcpListener, counts: Arc<std::sync::Mutex<Vec<usize>>>) {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let counts = counts.clone();
            tokio::spawn(async move {
                let nth = {
                    let mut counts = counts.lock().unwrap();
                    counts.push(0);
                    counts.len() - 1
                };
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    counts.lock().unwrap()[nth] += read;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    }

    #[tokio::test]
    async fn what_was_allowed_before_it_had_a_connection_does_not_leave_when_it_may_not_any_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let counts = Arc::<std::sync::Mutex<Vec<usize>>>::default();
        tokio::spawn(serve(listener, counts.clone()));
        let (gate, open) = (Gate::default(), Arc::new(AtomicBool::new(true)));
        let client = crate::http::client(Trust::default(), None, gate.clone());
        let parts = RuntimeComponentsBuilder::for_tests().build().unwrap();
        let sender = client.http_connector(&HttpConnectorSettings::default(), &parts);
        let send = || {
            let mut request = HttpRequest::new(SdkBody::from("a body"));
            request.set_uri(url.clone()).unwrap();
            sender.call(request)
        };
        // Nobody keeps it.
        send().await.unwrap();
        let asked = open.clone();
        gate.keep(move || match asked.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err("not any more".into()),
        });
        send().await.unwrap();
        let before = counts.lock().unwrap().clone();
        open.store(false, Ordering::SeqCst);
        // Over the connection that is open, and over a new one as that is closed by it.
        for _ in 0..2 {
            let told = format!("{:?}", send().await.unwrap_err());
            assert!(told.contains("not any more"), "{told}");
        }
        let after = counts.lock().unwrap().clone();
        assert_eq!(before.iter().sum::<usize>(), after.iter().sum::<usize>(), "{after:?}");
        open.store(true, Ordering::SeqCst);
        send().await.unwrap();
        assert!(counts.lock().unwrap().iter().sum::<usize>() > after.iter().sum::<usize>());
    }
}
