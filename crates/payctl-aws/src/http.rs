//! HTTP: one client, and with it one pool and one trust store, for all services.
//!
//! Left to itself each service's client of the SDK brings its own along, and reads the trust store
//! of the machine once to check itself and once to work.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient, http_client_fn};

/// The SDK's own client, shared: TLS by rustls, the proxy that the environment names.
pub(crate) fn client() -> SharedHttpClient {
    let shared = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    // The shared one makes a connector for each set of timeouts, once. As it is, every service's
    // client would also have it make one more, to see that it can.
    http_client_fn(move |settings, components| shared.http_connector(settings, components))
}
