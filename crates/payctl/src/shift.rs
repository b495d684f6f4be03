//! Moving requests from the blue group to the green one, step by step, and back when green is not
//! well.
//!
//! What is under way is written down before each change, so that a run which was killed is gone on
//! with, or gone back on, by the next one.

use std::time::Duration;

use payctl_aws::Arn;
use payctl_engine::Stop;
use payctl_engine::state::State;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

/// A gradual shift that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shift {
    /// Of a hundred requests, how many green gets at each step.
    pub(crate) steps: Vec<u32>,
    /// For how long each step is watched.
    pub(crate) step: Duration,
    /// Which step it is at.
    pub(crate) at: usize,
    /// The last share that green was healthy with.
    #[serde(rename = "good")]
    pub(crate) last_healthy: u32,
    /// Why it is being gone back to that.
    pub(crate) back: Option<String>,
}

/// What the state keeps of a shift that is under way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// Whose requests are moved.
    pub(crate) listener: Arn,
    #[serde(flatten)]
    pub(crate) shift: Shift,
}

/// What that is called among what the state keeps.
pub(crate) const CHOICE: &str = "shift";

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The last step was well.
    Done,
    /// It went back to the last healthy share.
    Back { why: String },
    /// It was stopped from outside, and stands where it stood.
    Stopped,
}

/// What requests go over, and what is watched.
pub(crate) trait TrafficTarget {
    type Error: std::fmt::Display;

    /// Gives green so many of a hundred requests.
    async fn set(&self, green: u32) -> Result<(), Self::Error>;
    /// What is wrong with green, if anything.
    async fn unhealthy_reason(&self) -> Result<Option<String>, Self::Error>;
    /// Writes down what is under way; nothing, once nothing is.
    fn record(&mut self, shift: Option<&Shift>) -> Result<(), Self::Error>;
    /// Tells people.
    fn say(&self, line: &str);
}

/// How often green is looked at.
const LOOKS: Duration = Duration::from_secs(5);

impl Recorded {
    /// Of a load balancer that the state still has.
    pub(crate) fn of(state: &State) -> Option<Self> {
        let recorded = state.choices.get(CHOICE)?;
        let recorded: Self = serde_json::from_value(recorded.clone()).ok()?;
        let stands = state.resources.values().any(|record| {
            record.outputs.get("arn").and_then(serde_json::Value::as_str)
                == Some(recorded.listener.as_str())
        });
        stands.then_some(recorded)
    }
}

impl Shift {
    pub(crate) fn new(steps: Vec<u32>, step: Duration, now: u32) -> Self {
        Self { steps, step, at: 0, last_healthy: now, back: None }
    }

    /// Where it stands, for people.
    pub(crate) fn place(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(u32::to_string).collect();
        let at = self.steps.get(self.at).copied().unwrap_or(self.last_healthy);
        format!("at {at} of {}", steps.join(", "))
    }

    /// Walks the steps that are left.
    pub(crate) async fn run<R: TrafficTarget>(
        mut self,
        target: &mut R,
        stop: &Stop,
    ) -> Result<Ended, R::Error> {
        if let Some(why) = self.back.take() {
            return self.go_back(target, why).await;
        }
        while let Some(green) = self.steps.get(self.at).copied() {
            // Before more is put on it: where a run was killed, nobody has looked since.
            if let Some(why) = target.unhealthy_reason().await? {
                return self.go_back(target, why).await;
            }
            target.record(Some(&self))?;
            target.set(green).await?;
            target.say(&format!("green {green} %, blue {} %", 100 - green));
            let began = Instant::now();
            loop {
                let left = self.step.saturating_sub(began.elapsed());
                tokio::select! {
                    () = stop.gently.cancelled() => return Ok(Ended::Stopped),
                    () = sleep(left.min(LOOKS)) => {}
                }
                // Who cannot see green does not leave requests on it.
                let unhealthy_reason = target.unhealthy_reason().await;
                let unhealthy_reason = unhealthy_reason
                    .unwrap_or_else(|error| Some(format!("green cannot be watched: {error}")));
                if let Some(why) = unhealthy_reason {
                    return self.go_back(target, why).await;
                }
                if began.elapsed() >= self.step {
                    break;
                }
            }
            self.last_healthy = green;
            self.at += 1;
        }
        target.record(None)?;
        Ok(Ended::Done)
    }

    async fn go_back<R: TrafficTarget>(
        mut self,
        target: &mut R,
        why: String,
    ) -> Result<Ended, R::Error> {
        self.back = Some(why.clone());
        target.record(Some(&self))?;
        target.set(self.last_healthy).await?;
        target.record(None)?;
        Ok(Ended::Back { why })
    }

    /// Gives up: back to the last healthy share.
    pub(crate) async fn give_up<R: TrafficTarget>(self, target: &mut R) -> Result<Ended, R::Error> {
        self.go_back(target, "it was asked for".to_owned()).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Green becomes unhealthy once it has had `ill_at` of a hundred requests for a while; the process
    /// dies at its `dies_at`th deed.
    #[derive(Default)]
    struct World {
        green: Cell<u32>,
        ill_at: Option<u32>,
        recorded: RefCell<Option<Shift>>,
        deeds: Cell<usize>,
        dies_at: Option<usize>,
    }

    impl World {
        fn deed(&self) -> Result<(), String> {
            self.deeds.set(self.deeds.get() + 1);
            match self.dies_at {
                Some(nth) if self.deeds.get() > nth => Err("dead".to_owned()),
                _ => Ok(()),
            }
        }
    }

    impl TrafficTarget for &World {
        type Error = String;

        async fn set(&self, green: u32) -> Result<(), String> {
            self.deed()?;
            self.green.set(green);
            Ok(())
        }

        async fn unhealthy_reason(&self) -> Result<Option<String>, String> {
            let ill = self.ill_at.is_some_and(|share| self.green.get() >= share);
            Ok(ill.then(|| "10.0.0.1 is unhealthy".to_owned()))
        }

        fn record(&mut self, shift: Option<&Shift>) -> Result<(), String> {
            self.deed()?;
            *self.recorded.borrow_mut() = shift.cloned();
            Ok(())
        }

        fn say(&self, _: &str) {}
    }

    const STEPS: [u32; 4] = [10, 25, 50, 100];

    fn shift(world: &World) -> Shift {
        Shift::new(STEPS.to_vec(), Duration::from_secs(60), world.green.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_green_that_is_well_gets_it_all() {
        let world = World::default();
        let began = Instant::now();
        let ended = shift(&world).run(&mut &world, &Stop::default()).await;
        assert_eq!(ended, Ok(Ended::Done));
        assert_eq!((world.green.get(), world.recorded.take()), (100, None));
        assert_eq!(began.elapsed(), Duration::from_secs(240));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_falls_ill_at_any_step_loses_what_it_got_by_it() {
        for (nth, ill_at) in STEPS.into_iter().enumerate() {
            let world = World { ill_at: Some(ill_at), ..World::default() };
            let ended = shift(&world).run(&mut &world, &Stop::default()).await;
            let why = "10.0.0.1 is unhealthy".to_owned();
            assert_eq!(ended, Ok(Ended::Back { why }));
            let last_healthy = if nth == 0 { 0 } else { STEPS[nth - 1] };
            assert_eq!((world.green.get(), world.recorded.take()), (last_healthy, None));
        }
    }

    /// Killed after each deed, ill at each step or at none: the next run ends where the first one
    /// would have.
    #[tokio::test(start_paused = true)]
    async fn a_killed_one_is_gone_on_with_or_gone_back_on() {
        for ill_at in STEPS.into_iter().map(Some).chain([None]) {
            for dies_at in 0.. {
                let mut world = World { ill_at, dies_at: Some(dies_at), ..World::default() };
                let stop = Stop::default();
                let died = shift(&world).run(&mut &world, &stop).await.is_err();
                world.dies_at = None;
                if died && let Some(shift) = world.recorded.take() {
                    shift.run(&mut &world, &stop).await.unwrap();
                } else if died {
                    // Before anything was done, or when all was.
                    continue;
                }
                let last_healthy =
                    STEPS.into_iter().take_while(|share| Some(*share) < ill_at.or(Some(101)));
                assert_eq!(
                    world.green.get(),
                    last_healthy.last().unwrap_or(0),
                    "{ill_at:?} {dies_at}"
                );
                assert_eq!(world.recorded.take(), None);
                if !died {
                    break;
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_stopped_stands_and_can_be_given_up() {
        let world = World::default();
        let stop = Stop::default();
        stop.gently.cancel();
        let ended = shift(&world).run(&mut &world, &stop).await;
        assert_eq!(ended, Ok(Ended::Stopped));
        let shift = world.recorded.borrow().clone().unwrap();
        assert_eq!(shift.place(), "at 10 of 10, 25, 50, 100");
        assert_eq!(world.green.get(), 10);
        shift.give_up(&mut &world).await.unwrap();
        assert_eq!((world.green.get(), world.recorded.take()), (0, None));
    }
}
