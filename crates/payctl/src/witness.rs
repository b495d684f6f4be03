//! A provider that keeps which replies of AWS's each resource was read by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use payctl_aws::{Reply, witnessed};
use payctl_engine::{Address, Answer, Call, Changed, Dependent, Kinds, Provider, Readiness};
use serde_json::Value;

/// By what is known to be so, the replies that show it.
pub(crate) type Replies = BTreeMap<String, BTreeSet<Reply>>;

/// Another provider, looked over the shoulder.
pub(crate) struct Witness<'p, P> {
    provider: &'p P,
    replies: Mutex<Replies>,
}

impl<'p, P: Provider> Witness<'p, P> {
    /// Of that one, nothing of which was seen yet.
    pub(crate) fn of(provider: &'p P) -> Self {
        Self { provider, replies: Mutex::default() }
    }

    /// By address, what was seen.
    pub(crate) fn replies(self) -> Replies {
        self.replies.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<'a, T: Send + 'a>(
        &'a self,
        address: &'a Address,
        answer: Answer<'a, T>,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let (outcome, replies) = witnessed(answer).await;
            let mut all = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(address.to_string()).or_default().extend(replies);
            outcome
        })
    }
}

impl<P: Provider> Provider for Witness<'_, P> {
    fn kinds(&self) -> &Kinds {
        self.provider.kinds()
    }

    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>> {
        self.look(call.address, self.provider.find_tagged(call))
    }

    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        self.look(call.address, self.provider.find(call, declared))
    }

    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.look(call.address, self.provider.read(call, known))
    }

    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        known: &'a Value,
        dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>> {
        self.look(call.address, self.provider.attachments(call, known, dependents, unwanted))
    }

    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.look(call.address, self.provider.deletion_view(call, known))
    }

    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value> {
        self.look(call.address, self.provider.create(call, declared))
    }

    fn converge<'a>(
        &'a self,
        call: Call<'a>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()> {
        self.look(call.address, self.provider.converge(call, declared, known, changed))
    }

    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()> {
        self.look(call.address, self.provider.delete(call, known))
    }

    fn ready<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Readiness> {
        self.look(call.address, self.provider.ready(call, known))
    }
}
