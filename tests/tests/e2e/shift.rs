//! `payctl shift`: to green step by step, back when green or an alarm says so, and whatever it was
//! killed at, on or back by the next call.

use std::time::{Duration, Instant};

use aws_sdk_cloudwatch::types::StateValue;
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use payctl_aws::{Arn, elbv2};
use payctl_tests::application::Application;
use payctl_tests::binary::{Payctl, Run};
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::standing::Standing;

const STEPS: [u32; 4] = [10, 25, 50, 100];
const GRADUAL: [&str; 5] = ["shift", "--gradual", "10,25,50,100", "--step", "3s"];

/// A system that stands, and an application in each group.
struct Shifted {
    world: Standing,
    listener: Arn,
    group: Arn,
    green: Application,
    _blue: Application,
}

impl Shifted {
    /// With applications at two addresses of network `net` of the loopback.
    async fn stands(net: u8) -> Self {
        let world = Standing::of("migration").await;
        let start = |nth: u8| Application::start(&format!("127.0.{net}.{nth}"));
        let (blue, green) = (start(1), start(2));
        for (group, application) in [("blue", &blue), ("green", &green)] {
            let group = world.known(&format!("elbv2.target_group:{group}"), "arn");
            let target = TargetDescription::builder().id(&application.address);
            let target = target.port(application.port.into()).build();
            let request = world.aws.elbv2.register_targets().target_group_arn(group);
            request.targets(target).send().await.unwrap();
        }
        let arn = |address: &str| Arn::from(world.known(address, "arn"));
        let (listener, group) = (arn("elbv2.listener:main"), arn("elbv2.target_group:green"));
        let this = Self { world, listener, group, green, _blue: blue };
        this.set(0);
        // Whichever way requests come, they are divided alike.
        let inside = Arn::from(this.world.known("elbv2.listener:inside", "arn"));
        for listener in [&this.listener, &inside] {
            let weights = elbv2::weights(&this.world.aws, listener).await.unwrap();
            assert!(weights.contains(&(this.group.clone(), 0)), "{listener}: {weights:?}");
        }
        this
    }

    fn payctl(&self) -> &Payctl {
        &self.world.payctl
    }

    fn set(&self, green: u32) {
        self.payctl().run(&["shift", "--green", &green.to_string()]).exits(0);
    }

    /// Of a hundred requests, how many green gets.
    async fn share(&self) -> u32 {
        let weights = elbv2::weights(&self.world.aws, &self.listener).await.unwrap();
        weights.iter().find(|(group, _)| *group == self.group).unwrap().1
    }

    async fn reaches(&self, share: u32) {
        let began = Instant::now();
        while self.share().await != share {
            assert!(began.elapsed() < Duration::from_secs(60), "green does not get {share} %");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn start(&self) -> Run {
        self.payctl().start(&GRADUAL)
    }

    /// It says that green has `share`, and that it is not under way any more.
    async fn stands_at(&self, share: u32) {
        assert_eq!(self.share().await, share);
        let told = self.payctl().run(&["shift"]);
        told.exits(0);
        told.shows(&format!("blue {} % green {share} %", 100 - share));
        assert!(!told.stderr.contains("was left"), "{told}");
        self.payctl().is_as_declared();
    }
}

fn before(nth: usize) -> u32 {
    nth.checked_sub(1).map_or(0, |nth| STEPS[nth])
}

#[tokio::test]
async fn a_green_that_is_well_gets_it_all() {
    let shifted = Shifted::stands(11).await;
    let ended = shifted.start().end();
    ended.exits(0);
    for share in STEPS {
        ended.says(&format!("green {share} %, blue {} %", 100 - share));
    }
    shifted.stands_at(100).await;
    let told = crate::schemas::shift_fits(&shifted.payctl().run(&["shift", "--json"]));
    assert_eq!((&told["green"]["percent"], &told["blue"]["percent"]), (&100.into(), &0.into()));
    assert_eq!(told["green"]["targets"], serde_json::json!({ "healthy": 1 }));
    // `up` leaves what was moved.
    shifted.payctl().up();
    assert_eq!(shifted.share().await, 100);
    shifted.payctl().destroy();
}

#[tokio::test]
async fn one_that_falls_ill_at_any_step_is_gone_back_on() {
    let shifted = Shifted::stands(12).await;
    for (nth, share) in STEPS.into_iter().enumerate() {
        let run = shifted.start();
        shifted.reaches(share).await;
        shifted.green.say(503);
        let ended = run.end();
        ended.exits(1);
        ended.says("green's target 127.0.12.2 is unhealthy (Health checks failed");
        let status = shifted.payctl().run(&["status"]);
        assert!(status.stdout.contains("1 unhealthy of its targets: Health checks"), "{status}");
        ended.says(&format!("back at green {} %", before(nth)));
        shifted.stands_at(before(nth)).await;
        // Nothing is begun with what is not well.
        shifted.set(0);
        let again = shifted.payctl().run(&GRADUAL);
        again.exits(1);
        again.says("nothing was moved: green's target");
        shifted.green.say(200);
    }
}

#[tokio::test]
async fn an_alarm_takes_it_back() {
    let shifted = Shifted::stands(13).await;
    let alarm = |state: StateValue| {
        let request = shifted.world.aws.cloudwatch.set_alarm_state();
        let request = request.alarm_name("green-5xx-dev").state_reason("a test");
        request.state_value(state).send()
    };
    let run = shifted.start();
    shifted.reaches(25).await;
    alarm(StateValue::Alarm).await.unwrap();
    let ended = run.end();
    ended.exits(1);
    ended.says("alarm green-5xx-dev is firing");
    shifted.stands_at(10).await;
    alarm(StateValue::Ok).await.unwrap();
    shifted.payctl().run(&GRADUAL).exits(0);
    shifted.stands_at(100).await;
}

/// Kills a shift at each step; `next` makes the next call, and says where green stands then.
async fn killed_at_each_step(net: u8, next: impl Fn(&Shifted, usize) -> u32) {
    let shifted = Shifted::stands(net).await;
    for (nth, share) in STEPS.into_iter().enumerate() {
        let run = shifted.start();
        shifted.reaches(share).await;
        run.killed_after(Duration::ZERO);
        let told = shifted.payctl().run(&["shift"]);
        told.says(&format!("a shift was left where it is, at {share} of 10, 25, 50, 100"));
        shifted.payctl().is_as_declared();
        let plan = shifted.payctl().run(&["plan"]);
        plan.shows(&format!("a shift to green is under way, at {share} of 10, 25, 50, 100"));
        let at = next(&shifted, nth);
        shifted.stands_at(at).await;
        shifted.set(0);
    }
}

#[tokio::test]
async fn a_killed_one_is_gone_on_with() {
    let next = |shifted: &Shifted, _| {
        let ended = shifted.payctl().run(&GRADUAL);
        ended.exits(0);
        ended.says("going on with the shift that is under way");
        100
    };
    killed_at_each_step(14, next).await;
}

#[tokio::test]
async fn a_killed_one_whose_green_is_ill_is_gone_back_on() {
    let next = |shifted: &Shifted, nth| {
        shifted.green.say(503);
        let ended = shifted.payctl().run(&GRADUAL);
        ended.exits(1);
        ended.says("is unhealthy");
        shifted.green.say(200);
        before(nth)
    };
    killed_at_each_step(16, next).await;
}

#[tokio::test]
async fn a_killed_one_is_given_up_where_that_is_asked_for() {
    let next = |shifted: &Shifted, nth| {
        let ended = shifted.payctl().run(&["shift", "--back"]);
        ended.exits(0);
        ended.says(&format!("back at green {} %", before(nth)));
        before(nth)
    };
    killed_at_each_step(17, next).await;
}

#[tokio::test]
async fn one_is_stopped_and_two_are_not_at_once() {
    let shifted = Shifted::stands(15).await;
    let run = shifted.payctl().start(&["shift", "--gradual", "25,50", "--step", "60s"]);
    shifted.reaches(25).await;
    let second = shifted.payctl().run(&["shift", "--green", "100"]);
    second.exits(3);
    let told = shifted.payctl().run(&["shift"]);
    told.says("is under way, at 25 of 25, 50");
    run.signal("INT");
    let ended = run.end();
    ended.exits(130);
    ended.says("stopped at green 25 %, blue 75 %, which nobody watches");
    let other = shifted.payctl().run(&["shift", "--gradual", "30,60"]);
    other.exits(1);
    other.says("another shift is under way, at 25 of 25, 50");
    let set = shifted.payctl().run(&["shift", "--green", "5"]);
    set.says("the shift that was under way is over, at 25 of 25, 50");
    shifted.stands_at(5).await;
    let back = shifted.payctl().run(&["shift", "--back"]);
    back.exits(1);
    back.says("no gradual shift is under way, and nothing was moved");
    let fewer = shifted.payctl().run(&["shift", "--gradual", "1,50", "--step", "1s"]);
    fewer.exits(1);
    fewer.says("green has 5 % of the requests, and 1 % are fewer");
}

/// Requests are not sent to a group that has nobody to answer them, unless that is asked for.
#[tokio::test]
async fn a_group_without_a_healthy_target_gets_no_more_requests() {
    let shifted = Shifted::stands(19).await;
    shifted.set(20);
    shifted.green.say(503);
    let began = Instant::now();
    while !shifted.payctl().run(&["shift"]).stderr.contains("green: 1 unhealthy") {
        assert!(began.elapsed() < Duration::from_secs(60), "green stays healthy");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = shifted.payctl().run(&["shift", "--green", "30"]);
    refused.exits(1);
    refused.says("nothing was moved: green has no healthy target");
    refused.says("--green 30 --force` sends it 30 % of the requests all the same");
    shifted.stands_at(20).await;
    // Fewer are always right.
    shifted.set(10);
    shifted.payctl().run(&["shift", "--green", "30", "--force"]).exits(0);
    shifted.stands_at(30).await;
}

#[test]
fn a_system_without_a_load_balancer_says_so() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let ended = payctl.run(&["shift", "--green", "50"]);
    ended.exits(1);
    ended.says("pci-core has no load balancer here that divides requests");
    ended.says("the stack migration has one: add --stack migration");
    let payctl = Payctl::new(&server).of("migration");
    let ended = payctl.run(&["shift"]);
    ended.exits(1);
    ended.says("--stack migration` makes it");
}
