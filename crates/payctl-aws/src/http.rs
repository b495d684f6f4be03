//! HTTP: one client, and with it one pool and one trust store, for all services.
//!
//! The SDK's own client would do most of it. It reads the machine's certificates before it is known
//! whether they are needed (and its debug assertion fails where there are none), takes no bundle
//! that is not sound, proxies loopback, limits a request's whole time, and tells of failures in its
//! own words. What it is made of is used here: hyper, rustls and tokio. HTTP/1.1, as the AWS CLI.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use http::header::{CONTENT_TYPE, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::dial::Dial;
pub(crate) use self::dial::Server;
use self::flow::{Download, Progress, Upload};
use self::gate::Gate;
use self::routes::Routes;
use self::trouble::{Trouble, place};
use self::trust::Trust;

mod dial;
mod flow;
pub(crate) mod gate;
mod local;
mod routes;
pub(crate) mod trouble;
pub(crate) mod trust;

/// Where nothing else is said: nobody is asked whose connection takes longer.
pub(crate) const CONNECTING: Duration = Duration::from_secs(5);
/// How long a request may not get on.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// How much of a request is gathered before it is sent: little, as [`flow`] counts what was taken.
const GATHERED: usize = 64 * 1024;

/// All services' client. Nothing leaves when `gate` is closed.
pub(crate) fn client(trust: Trust, server: Option<Server>, gate: Gate) -> SharedHttpClient {
    let shared = Arc::new(Shared {
        routes: Arc::new(Routes::of_environment()),
        trust: Arc::new(trust),
        server: server.map(Arc::new),
        gate,
        clients: Mutex::default(),
    });
    http_client_fn(move |settings, _| {
        SharedHttpConnector::new(Sender { shared: shared.clone(), settings: settings.clone() })
    })
}

/// What all connections have in common.
struct Shared {
    routes: Arc<Routes>,
    trust: Arc<Trust>,
    server: Option<Arc<Server>>,
    gate: Gate,
    /// One for each limit on connecting: the services', and that of what hands out credentials.
    clients: Mutex<BTreeMap<Duration, Client<Dial, Upload>>>,
}

impl Shared {
    fn client(&self, limit: Duration) -> Client<Dial, Upload> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (routes, trust) = (self.routes.clone(), self.trust.clone());
            let dial = Dial::new(routes, trust, self.server.clone(), limit, self.gate.clone());
            let mut builder = Client::builder(TokioExecutor::new());
            builder.pool_timer(TokioTimer::new()).http1_max_buf_size(GATHERED);
            builder.build(dial)
        };
        clients.entry(limit).or_insert_with(new).clone()
    }
}

/// Sends requests with one service's limits.
struct Sender {
    shared: Arc<Shared>,
    settings: HttpConnectorSettings,
}

impl Debug for Sender {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl HttpConnector for Sender {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.shared.client(self.settings.connect_timeout().unwrap_or(CONNECTING));
        let limit = self.settings.read_timeout().unwrap_or(SILENCE);
        let routes = self.shared.routes.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x();
            let mut request = request.map_err(|error| ConnectorError::user(error.into()))?;
            sign_in(&routes, &mut request)?;
            let uri = request.uri().clone();
            let captured = capture_connection(&mut request);
            if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
                // The SDK closes a connection over which a server was at fault.
                capture.set_connection_retriever(move || {
                    let captured = captured.clone();
                    let close = move || {
                        if let Some(connection) = captured.connection_metadata().as_ref() {
                            connection.poison();
                        }
                    };
                    Some(ConnectionMetadata::builder().proxied(false).poison_fn(close).build())
                });
            }
            let progress = Progress::new();
            let request = request.map(|body| Upload::new(body, progress.clone()));
            let answer = progress.within(limit, &place(&uri), client.request(request)).await?;
            let answer = answer.map_err(|error| Trouble::sending(&uri, &error))?;
            let from = place(&uri);
            let content = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let is_xml = content.is_some_and(|kind| kind.contains("xml"));
            let whole = |body| SdkBody::from_body_1_x(Download::new(body, from, is_xml));
            let answer = answer.map(whole);
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A proxy that is told where to take a request is also told who asks; one that passes on a
/// connection was told when that was opened.
fn sign_in(routes: &Routes, request: &mut http::Request<SdkBody>) -> Result<(), Trouble> {
    let plain = |uri: &Uri| uri.scheme() == Some(&Scheme::HTTP);
    if plain(request.uri())
        && let Some(proxy) = routes.proxy(request.uri())?
        && let Some(authorization) = proxy.authorization.clone()
    {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
    }
    Ok(())
}
