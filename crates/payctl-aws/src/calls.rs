//! What counts the calls, keeps a server from answering without an end, and keeps calls back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as Request, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;

use crate::error::request_id;
use crate::http::gate::Gate;
use crate::witness::{self, Reply};

/// Larger than any answer that payctl reads, and no burden: a server's answer is not read beyond.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;
/// More pages than any list that payctl reads has: one without an end ends here.
const MOST_PAGES: u64 = 1_000;

/// How often each operation was called, by `service.Operation`; what keeps a server from answering
/// without an end; and what keeps calls back that may not leave any more.
#[derive(Clone, Default)]
pub struct Calls {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
    pages: Arc<Mutex<BTreeMap<String, u64>>>,
    pub(crate) gate: Gate,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calls").field(&self.counts()).finish()
    }
}

impl Calls {
    /// How many calls were made in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().values().sum()
    }

    /// Asks `permit` before each call is made, repetitions of the SDK's and the calls of one step among
    /// them, and again when its bytes are handed to the system: it may have waited for a connection,
    /// and the machine may have slept. It is asked until the end; a further one is not.
    pub fn hold_to<E: Into<BoxError>>(
        &self,
        permit: impl Fn() -> Result<(), E> + Send + Sync + 'static,
    ) {
        self.gate.keep(move || permit().map_err(Into::into));
    }

    /// How often each operation was called.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the request asks for a further page of a list. S3's lists of versions are not among
/// those, as emptying a bucket has as many as the bucket has.
fn continues(request: &Request) -> bool {
    const NAMES: [&str; 5] = ["NextToken", "nextToken", "Marker", "PaginationToken", "position="];
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    NAMES.iter().any(|name| body.contains(name) || request.uri().contains(name))
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "payctl call counter"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.gate.ask()?;
        if let Some(call) = config.load::<Metadata>() {
            let name = format!("{}.{}", call.service(), call.name());
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(0) +=
                1;
            if continues(context.request()) {
                let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
                let count = pages.entry(call.name().to_owned()).or_insert(0);
                *count += 1;
                if *count > MOST_PAGES {
                    return Err(format!("asked for {MOST_PAGES} pages, and there is no end").into());
                }
            }
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = whole.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER)));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let response = context.response();
            let status = response.map(|response| response.status().as_u16());
            let request = response.and_then(request_id);
            witness::note(status.map(|status| Reply {
                at: SystemTime::now(),
                service: call.service().to_owned(),
                operation: call.name().to_owned(),
                status,
                request_id: request.clone(),
            }));
            let request = request.unwrap_or_default();
            tracing::debug!(service = call.service(), operation = call.name(), status, request);
        }
        Ok(())
    }
}
