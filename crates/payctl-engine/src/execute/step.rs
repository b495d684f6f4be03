//! One operation: journal, call, journal, state; and the retries around it.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Halt, Run};
use crate::diff::{UNDECLARED, removed};
use crate::event::Event;
use crate::owner::Ownership;
use crate::plan::{Action, Step};
use crate::retry::{RetryPolicy, RetryState, fast_backoff};
use crate::schedule::{Operation, Phase};
use crate::state::{Deposed, Entry, Intent, IntentAction, Record, Status, new_token};
use crate::{Call, Changed, Failure, FailureKind, KindInfo, Readiness, Repeat};

/// How long throttling, internal errors and lost answers in a row are retried for: request
/// buckets refill by the second (EC2, API throttling), and somebody waits. What no call of a service
/// is answered is waited for once, not by each step in turn.
const OUTAGE: Duration = Duration::from_secs(90);
/// How many calls of others come first at most, where calls have a pace: ten minutes of deletions
/// of REST APIs.
const TURNS: u32 = 20;
/// How long it may take until what was just made is visible to all that refer to it; a new role
/// takes 8 s as a rule and 30 s at times (docs/aws-facts.md).
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(150);

impl<'a> Run<'a> {
    pub(super) async fn operate(
        &self,
        index: usize,
        operation: &Operation<'a>,
    ) -> Result<(), Halt> {
        let step = operation.step;
        let kind = self.kind(&step.address)?;
        let (address, phase) = (step.address.clone(), operation.phase);
        self.reporter.event(Event::Started { address, phase });
        let work = Work { run: self, step, kind, phase, index };
        let key = kind.one_at_a_time.map(|property| {
            let from = if step.properties.is_null() { &step.before } else { &step.properties };
            let value = from.get(property).map(|value| self.resolve(value));
            format!("{} {}", kind.service(), value.unwrap_or_default())
        });
        let lock = key.map(|key| self.lock(key));
        let _held = match &lock {
            Some(lock) => Some(lock.lock().await),
            None => None,
        };
        work.record_discovered()?;
        match (phase, step.action) {
            (Phase::Forget, _) => work.forget(),
            (Phase::Delete, _) => work.delete(operation.deposed).await,
            (Phase::Apply, Action::Adopt | Action::Update) => work.update().await,
            (Phase::Apply, _) => work.create().await,
        }
    }

    fn wrote(&self, step: &Step, record: Option<Record>, settled: bool) -> Result<(), Halt> {
        let record = record.map(Box::new);
        self.record(&Entry::Wrote { address: step.address.clone(), record, settled })
    }

    /// What is recorded of the step's resource now.
    fn recorded(&self, step: &Step) -> Option<Record> {
        self.state.borrow().resources.get(&step.address).cloned()
    }
}

struct Work<'a, 'r> {
    run: &'r Run<'a>,
    step: &'a Step,
    kind: &'a KindInfo,
    phase: Phase,
    index: usize,
}

impl Work<'_, '_> {
    fn call<'c>(&'c self, token: &'c str, properties: &'c Value) -> Call<'c> {
        Call { address: &self.step.address, owner: &self.run.plan.owner, token, properties }
    }

    fn policy(&self) -> RetryPolicy {
        // Where the account may make so few calls, others' are in the way of ours for longer.
        let turns = self.kind.pace.create.max(self.kind.pace.delete) * TURNS;
        let outage = OUTAGE.max(turns);
        RetryPolicy { outage, propagation: PROPAGATION_TIMEOUT, waiting: self.kind.wait_timeout }
    }

    /// The token of the next call: that of the interrupted one, where there is one, so that the
    /// cloud knows it again.
    fn token(&self, action: IntentAction, properties: &Value) -> String {
        let state = self.run.state.borrow();
        let address = &self.step.address;
        let begun = state.pending.get(address);
        let same = |begun: &&Intent| begun.action == action && begun.properties == *properties;
        // What was found of that attempt and is to be replaced would be answered once more.
        let found = self.step.known.as_ref().is_some_and(|known| {
            state.resources.get(address).is_none_or(|record| record.outputs != *known)
        });
        if let Some(begun) = begun.filter(same).filter(|_| !found) {
            return begun.token.clone();
        }
        new_token(&state, address, self.run.journal.borrow().len())
    }

    /// Puts on record what is about to be called, and returns when that is durable.
    async fn intend(&self, action: IntentAction, properties: &Value) -> Result<String, Halt> {
        let token = self.token(action, properties);
        let depends_on = match action {
            IntentAction::Delete => self.step.depended_on.clone(),
            _ => self.step.depends_on.keys().cloned().collect(),
        };
        let properties = properties.clone();
        let intent = Intent { action, token: token.clone(), properties, depends_on };
        let address = self.step.address.clone();
        self.run.record(&Entry::Intent { address, intent })?;
        self.run.written().await?;
        Ok(token)
    }

    /// Notes that the step's call failed; `settled` when it certainly changed nothing.
    fn failed(&self, failure: &Failure, settled: bool) -> Result<(), Halt> {
        let address = self.step.address.clone();
        self.run.record(&Entry::Failed { address, why: failure.to_string(), settled })
    }

    async fn create(&self) -> Result<(), Halt> {
        let properties = self.kind.normalise(&self.run.resolve(&self.step.properties));
        let token = self.intend(IntentAction::Create, &properties).await?;
        let call = self.call(&token, &properties);
        let (outputs, new) = match self.create_once(call, &properties).await {
            Ok(created) => created,
            Err(Halt::Failed(failure)) => {
                self.failed(&failure, !ambiguous(failure.kind))?;
                return Err(Halt::Failed(failure));
            }
            Err(halt) => return Err(halt),
        };
        let mut record = Record {
            status: Status::Created,
            outputs: outputs.clone(),
            properties,
            depends_on: self.step.depends_on.keys().cloned().collect(),
            deposed: self.deposed(),
        };
        self.run.wrote(self.step, Some(record.clone()), true)?;
        self.run.known.borrow_mut().insert(self.step.address.clone(), outputs.clone());
        let _ = self.run.milestones.send(self.index);
        let later = self.kind.set_later.iter().copied();
        let later = if new { Changed::of_new(later) } else { Changed::new(later) };
        self.finish(&token, &record.properties, &outputs, &later).await?;
        record.status = Status::Complete;
        // What was replaced may have gone meanwhile.
        record.deposed = self.deposed_now();
        self.run.wrote(self.step, Some(record), true)
    }

    /// The create call, and what makes it happen once however often it is tried. With it, whether the
    /// first call was answered: what was made by one whose answer was lost has to be looked at.
    async fn create_once(&self, call: Call<'_>, properties: &Value) -> Result<(Value, bool), Halt> {
        let mut retries = RetryState::new(self.policy());
        let mut unsure = false;
        loop {
            self.sleep(self.run.slot(self.kind, true)).await?;
            let failure = match self.attempt(self.run.provider.create(call, properties)).await? {
                Ok(outputs) => return Ok((outputs, !unsure)),
                Err(failure) => not_visible_yet(failure),
            };
            unsure |= ambiguous(failure.kind);
            let conflict = failure.kind == FailureKind::Conflict;
            if conflict || (unsure && self.kind.repeat == Repeat::Search) {
                let looks = if conflict { 4 } else { 3 };
                if let Some(outputs) = self.search(call, properties, looks, unsure).await? {
                    return Ok((outputs, false));
                }
                if conflict {
                    return Err(Halt::Failed(failure));
                }
            }
            self.pause(&mut retries, failure).await?;
        }
    }

    /// Looks for what a lost create call may have made.
    async fn search(
        &self,
        call: Call<'_>,
        properties: &Value,
        looks: u32,
        unsure: bool,
    ) -> Result<Option<Value>, Halt> {
        for nth in 0..looks {
            if nth > 0 {
                // What was made a moment ago may not be listed yet.
                self.sleep(Duration::from_millis(500 << nth)).await?;
            }
            let find = || self.run.provider.find(call, properties);
            for outputs in self.patiently(find).await? {
                if self.is_known(&outputs) {
                    continue;
                }
                let read = || self.run.provider.read(call, &outputs);
                let Some(seen) = self.patiently(read).await? else { continue };
                let tags = self.kind.tags_of(&seen);
                let ours = !self.kind.tagged()
                    || match call.owner.ownership(call.address, tags) {
                        Ownership::Ours => true,
                        // Made under its name by the lost call, and not tagged before it died.
                        Ownership::Nobody => unsure && !self.kind.unique_by.is_empty(),
                        Ownership::Changed { .. } | Ownership::Other(_) => false,
                    };
                if ours {
                    return Ok(Some(outputs));
                }
            }
        }
        Ok(None)
    }

    /// Whether the state knows these outputs already, as what is there or what was replaced.
    fn is_known(&self, outputs: &Value) -> bool {
        self.run.recorded(self.step).is_some_and(|record| {
            // What the plan says is gone may come back under the same name.
            let there = self.step.known.is_some() && record.outputs == *outputs;
            there || record.deposed.iter().any(|old| old.outputs == *outputs)
        })
    }

    /// Puts on record what the plan found, before anything is changed: what is besides that which
    /// is there, and what is there and is to go. The next run would not look for it, as this one's
    /// intents take the place of those it was found by.
    fn record_discovered(&self) -> Result<(), Halt> {
        let Step { address, action, known, before, depended_on, deposed, .. } = self.step;
        if !self.run.noted.borrow_mut().insert(address.clone()) {
            return Ok(());
        }
        let goes = action.replaces() || *action == Action::Delete;
        let recorded = self.run.recorded(self.step);
        let mut record = match (&recorded, known) {
            (Some(record), _) => record.clone(),
            (None, Some(outputs)) if goes || !deposed.is_empty() => Record {
                status: Status::Created,
                outputs: outputs.clone(),
                properties: before.clone(),
                depends_on: depended_on.clone(),
                deposed: Vec::new(),
            },
            (None, _) => return Ok(()),
        };
        let unknown = |old: &&Deposed| record.deposed.iter().all(|o| o.outputs != old.outputs);
        let unknown: Vec<Deposed> = deposed.iter().filter(unknown).cloned().collect();
        // What is on record is gone, or was replaced by what is there now.
        if let Some(outputs) = known
            && *outputs != record.outputs
            && (goes || unknown.iter().any(|old| old.outputs == record.outputs))
        {
            record.outputs.clone_from(outputs);
            record.properties.clone_from(before);
            record.status = Status::Created;
        }
        record.deposed.extend(unknown);
        match recorded.as_ref() == Some(&record) {
            true => Ok(()),
            false => self.run.wrote(self.step, Some(record), true),
        }
    }

    /// What has to go once the new one is there.
    fn deposed(&self) -> Vec<Deposed> {
        let mut all = self.deposed_now();
        if self.step.action == Action::CreateThenDelete
            && let Some(outputs) = &self.step.known
        {
            all.push(Deposed {
                outputs: outputs.clone(),
                properties: self.step.before.clone(),
                depends_on: self.step.depended_on.clone(),
            });
        }
        all
    }

    fn deposed_now(&self) -> Vec<Deposed> {
        self.run.recorded(self.step).map(|record| record.deposed).unwrap_or_default()
    }

    async fn update(&self) -> Result<(), Halt> {
        let properties = self.kind.normalise(&self.run.resolve(&self.step.properties));
        let outputs = self.step.known.clone().unwrap_or_default();
        let finished = self.step.action == Action::Adopt && self.step.changes.is_empty();
        let unfinished = self.step.action == Action::Update && self.step.reason.is_some();
        let mut record = Record {
            status: if finished { Status::Complete } else { Status::Created },
            outputs: outputs.clone(),
            properties: properties.clone(),
            depends_on: self.step.depends_on.keys().cloned().collect(),
            deposed: self.deposed_now(),
        };
        if self.step.action == Action::Adopt {
            if !finished {
                // The state tells what was there before, should this run die now.
                record.properties = self.step.before.clone();
            }
            self.run.wrote(self.step, Some(record.clone()), true)?;
        }
        let _ = self.run.milestones.send(self.index);
        if finished {
            return Ok(());
        }
        let token = self.intend(IntentAction::Update, &properties).await?;
        let changed = self.step.changes.iter().map(|change| change.property.as_str());
        let later = self.kind.set_later.iter().copied().filter(|_| unfinished);
        let changed = changed.filter(|property| *property != UNDECLARED);
        let changed = Changed::new(changed.chain(later));
        self.detach(&token, &properties, &outputs).await?;
        match self.finish(&token, &properties, &outputs, &changed).await {
            Err(Halt::Failed(failure)) => {
                self.failed(&failure, true)?;
                return Err(Halt::Failed(failure));
            }
            ended => ended?,
        }
        record.status = Status::Complete;
        record.properties = properties;
        record.deposed = self.deposed_now();
        self.run.wrote(self.step, Some(record), true)
    }

    /// Removes what others attached, so far as the plan showed it.
    async fn detach(&self, token: &str, properties: &Value, outputs: &Value) -> Result<(), Halt> {
        let unwanted: BTreeSet<String> = removed(&self.step.changes).into_iter().collect();
        if unwanted.is_empty() {
            return Ok(());
        }
        let call = self.call(token, properties);
        let detach = || self.run.provider.attachments(call, outputs, &[], &unwanted);
        match self.patiently(detach).await {
            Err(Halt::Failed(failure)) => {
                self.failed(&failure, true)?;
                Err(Halt::Failed(failure))
            }
            ended => ended.map(drop),
        }
    }

    /// Sets what differs and waits until it can be used.
    async fn finish(
        &self,
        token: &str,
        properties: &Value,
        outputs: &Value,
        changed: &Changed,
    ) -> Result<(), Halt> {
        let call = self.call(token, properties);
        if !changed.is_empty() {
            let converge = || async {
                let done = self.run.provider.converge(call, properties, outputs, changed).await;
                done.map_err(not_visible_yet)
            };
            self.patiently(converge).await?;
        }
        let began = Instant::now();
        let mut looks = 0;
        loop {
            // What was made is not known everywhere at once, to whoever waits for it either.
            let look =
                || async { self.run.provider.ready(call, outputs).await.map_err(not_visible_yet) };
            let Readiness::NotYet(what) = self.patiently(look).await? else { return Ok(()) };
            if began.elapsed() > self.kind.wait_timeout {
                let waited = began.elapsed().as_secs();
                let message = format!("still waiting for {what} after {waited} s");
                return Err(Failure::new(FailureKind::Pending, message).into());
            }
            self.waiting(what);
            self.sleep(fast_backoff(looks)).await?;
            looks += 1;
        }
    }

    /// Strikes what is gone, but not what it replaced and what is still there.
    fn forget(&self) -> Result<(), Halt> {
        let left = self.run.recorded(self.step).filter(|record| !record.deposed.is_empty());
        let left = left.map(|record| Record { status: Status::Gone, ..record });
        self.run.wrote(self.step, left, true)
    }

    async fn delete(&self, nth: Option<usize>) -> Result<(), Halt> {
        let deposed = nth.and_then(|nth| self.step.deposed.get(nth));
        let (outputs, before) = match deposed {
            Some(old) => (old.outputs.clone(), &old.properties),
            None => (self.step.known.clone().unwrap_or_default(), &self.step.before),
        };
        let token = self.intend(IntentAction::Delete, before).await?;
        let call = self.call(&token, before);
        self.sleep(self.run.slot(self.kind, false)).await?;
        let delete = || self.run.provider.delete(call, &outputs);
        match self.patiently(delete).await {
            Err(Halt::Failed(failure)) if failure.kind != FailureKind::Absent => {
                self.failed(&failure, true)?;
                return Err(Halt::Failed(failure));
            }
            Err(Halt::Failed(_)) | Ok(()) => {}
            Err(halt) => return Err(halt),
        }
        // The present one goes, or one of those it replaced; the others stay on record.
        let replaced = nth.is_some() || self.step.action == Action::CreateThenDelete;
        let record = self.run.recorded(self.step).and_then(|mut record| {
            if replaced {
                record.deposed.retain(|old| old.outputs != outputs);
            } else {
                record.status = Status::Gone;
            }
            (record.status != Status::Gone || !record.deposed.is_empty()).then_some(record)
        });
        self.run.wrote(self.step, record, true)
    }

    /// Calls until it succeeds, the stop is asked for, or the policy gives up.
    async fn patiently<T, F, Fut>(&self, mut call: F) -> Result<T, Halt>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let mut retries = RetryState::new(self.policy());
        loop {
            match self.attempt(call()).await? {
                Ok(value) => return Ok(value),
                Err(failure) => self.pause(&mut retries, failure).await?,
            }
        }
    }

    /// One call, within the service's limit.
    async fn attempt<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Result<T, Failure>, Halt> {
        let service = self.run.service(self.kind.service());
        let _slot = service.slots.acquire().await;
        if self.run.storage.borrow().is_some() {
            return Err(Halt::Storage);
        }
        if self.run.stop.gently.is_cancelled() {
            return Err(Halt::Stopped);
        }
        self.run.may_change()?;
        let answer = call.await;
        service.health.note(&answer);
        Ok(answer)
    }

    /// Waits before the next try, or gives the failure back.
    async fn pause(&self, retries: &mut RetryState, failure: Failure) -> Result<(), Halt> {
        let service = self.run.service(self.kind.service());
        let Some(pause) = retries.next_of(failure.kind, &service.health) else {
            return Err(failure.into());
        };
        match failure.kind {
            FailureKind::Pending => self.waiting(failure.message),
            _ => {
                let (address, phase) = (self.step.address.clone(), self.phase);
                self.run.reporter.event(Event::Retrying { address, phase, failure, pause });
            }
        }
        self.sleep(pause).await
    }

    fn waiting(&self, what: String) {
        let (address, phase) = (self.step.address.clone(), self.phase);
        self.run.reporter.event(Event::Waiting { address, phase, what });
    }

    async fn sleep(&self, pause: Duration) -> Result<(), Halt> {
        tokio::select! {
            () = self.run.stop.gently.cancelled() => Err(Halt::Stopped),
            () = sleep(pause) => Ok(()),
        }
    }
}

/// Whether the call may have been applied all the same.
fn ambiguous(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Lost | FailureKind::Unavailable)
}

/// What a call refers to was made before it: when it is said to be absent, it is not visible yet.
fn not_visible_yet(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::Absent => Failure { kind: FailureKind::NotYetVisible, ..failure },
        _ => failure,
    }
}
