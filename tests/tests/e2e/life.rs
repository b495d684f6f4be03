//! The end of an environment's life: who carries it, and that nothing takes it off.

use aws_sdk_ec2::types::Filter;
use aws_sdk_resourcegroupstagging::types::TagFilter;
use jiff::{SignedDuration, Timestamp};
use payctl_aws::Aws;
use payctl_tests::binary::{Payctl, changing_calls, differences};
use payctl_tests::cloud::clients;
use payctl_tests::emulator::{Emulator, Server};
use payctl_tests::proxy::{Fate, Proxy, Refusal, Rule};

use crate::sweep::ROLE;

const OTHER_NETWORK: &str = "ttl = \"5h\"\n[pci-core]\nnetwork = \"10.77.0.0/16\"\n\
    private_subnets = [\"10.77.1.0/24\", \"10.77.2.0/24\", \"10.77.3.0/24\"]\n\
    public_subnets = [\"10.77.11.0/24\", \"10.77.12.0/24\", \"10.77.13.0/24\"]\n";

/// What carries an end, and the ends.
async fn ends(aws: &Aws) -> Vec<(String, String)> {
    let name = Filter::builder().name("key").values("payctl:expires").build();
    let tags = aws.ec2.describe_tags().filters(name).send().await.unwrap().tags.unwrap();
    let mut all: Vec<(String, String)> =
        tags.into_iter().map(|tag| (tag.resource_id.unwrap(), tag.value.unwrap())).collect();
    all.sort();
    all
}

/// The one end that there is is `hours` from now.
#[track_caller]
fn is_in(ends: &[(String, String)], hours: i64) {
    let [(carrier, end)] = ends else { panic!("{ends:?}") };
    assert!(carrier.starts_with("vpc-"), "{carrier}");
    let left = end.parse::<Timestamp>().unwrap().duration_since(Timestamp::now());
    let whole = SignedDuration::from_hours(hours);
    assert!(left <= whole && left > whole - SignedDuration::from_mins(5), "{end}: {left:?}");
}

#[tokio::test]
async fn one_resource_carries_the_end_and_no_plan_sees_it() {
    let server = Server::start(Emulator::Sandbox);
    let payctl = Payctl::new(&server);
    let aws = clients(&server).await;
    let ended = payctl.run(&["up", "--ttl", "72h", "--yes"]);
    ended.exits(0);
    ended.says("its life ends at");
    is_in(&ends(&aws).await, 72);
    payctl.is_as_declared();

    // Without another change it is the only call that changes something.
    changing_calls(&server);
    payctl.run(&["up", "--ttl", "2d", "--yes"]).exits(0);
    let changing = changing_calls(&server);
    assert_eq!(changing, [("ec2.CreateTags".to_owned(), 1)].into());
    is_in(&ends(&aws).await, 48);

    // Who is not told of a life leaves it as it is, and asks nothing for its sake.
    payctl.run(&["up", "--yes"]).exits(0);
    assert_eq!(changing_calls(&server), [].into());
    is_in(&ends(&aws).await, 48);

    // Nor do a lost state, and tags that change, take it off.
    payctl.lose_state();
    let plan = payctl.plan();
    assert!(plan.is_up_to_date(), "{:?}", differences(&plan));
    payctl.configure("ttl = \"24h\"\n[tags]\nCostCenter = \"4711\"\n");
    payctl.run(&["up", "--yes"]).exits(0);
    is_in(&ends(&aws).await, 24);
    payctl.configure("[tags]\nCostCenter = \"4712\"\n");
    payctl.run(&["up", "--yes"]).exits(0);
    is_in(&ends(&aws).await, 24);
    payctl.is_as_declared();

    payctl.run(&["up", "--ttl", "never", "--yes"]).says("its life has no end");
    assert_eq!(ends(&aws).await[0].1, "never");
    payctl.destroy();
    assert_eq!(ends(&aws).await, []);
}

#[tokio::test]
async fn what_carries_the_end_is_never_there_without_it() {
    let server = Server::start(Emulator::Sandbox);
    let proxy = Proxy::start(&server.endpoint);
    let payctl = Payctl::at(&proxy.endpoint, "dev");
    let aws = clients(&server).await;
    payctl.configure("ttl = \"72h\"\n");
    // As far as a run comes that is refused everything that is in a network.
    const DENIED: Fate = Fate::Refuse(Refusal::Code("UnauthorizedOperation"));
    proxy.set(&Rule::Each(&[("ModifyVpcAttribute", DENIED), ("CreateSubnet", DENIED)]));
    payctl.run(&["up", "--yes"]).exits(1);
    is_in(&ends(&aws).await, 72);
    // A call that fails before the plan is carried out stops it.
    proxy.set(&Rule::Each(&[("CreateTags", DENIED)]));
    changing_calls(&server);
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("failed to write the end of its life onto ec2.vpc:main");
    assert_eq!(changing_calls(&server), [].into());
    proxy.set(&Rule::Nothing);
    payctl.run(&["up", "--yes"]).exits(0);
    payctl.is_as_declared();
    is_in(&ends(&aws).await, 72);

    // A network that is made anew comes with it.
    payctl.configure(OTHER_NETWORK);
    let before = ends(&aws).await;
    payctl.run(&["up", "--yes"]).exits(0);
    let after = ends(&aws).await;
    is_in(&after, 5);
    assert_ne!(before[0].0, after[0].0);
}

#[test]
fn what_cannot_be_a_life_is_refused_before_any_call() {
    let payctl = Payctl::at("http://127.0.0.1:9", "dev");
    for bad in ["5m", "367d", "soon", "-72h"] {
        let ended = payctl.run(&["up", &format!("--ttl={bad}"), "--yes"]);
        ended.exits(1);
        ended.says("a life is written like 72h or 14d, from 1h to 366d, or never");
    }
    payctl.configure("protected = [\"dev\"]\n");
    let ended = payctl.run(&["up", "--ttl", "72h", "--yes"]);
    ended.exits(1);
    ended.says("the suffix dev is protected: it has no end");
    payctl.configure("ttl = \"72\"\n");
    let ended = payctl.run(&["up", "--yes"]);
    ended.exits(1);
    ended.says("ttl must be a time: a life is written like 72h or 14d");
}

#[tokio::test]
async fn what_is_protected_is_given_no_end_and_a_stack_of_ones_own_is() {
    let server = Server::start(Emulator::Sandbox);
    let aws = clients(&server).await;
    let tiny =
        "name = \"tiny\"\ndescription = \"a topic\"\n[sns.topic.alerts]\ndisplay_name = \"Tiny\"\n";
    let payctl = Payctl::new(&server).of_document("tiny", Some(tiny));
    payctl.configure("ttl = \"72h\"\nprotected = [\"dev\"]\n");
    let carriers = async || {
        let expires = TagFilter::builder().key("payctl:expires").build();
        let found = aws.tagging.get_resources().tag_filters(expires).send().await.unwrap();
        let found = found.resource_tag_mapping_list.unwrap().into_iter();
        found.map(|one| one.resource_arn.unwrap()).collect::<Vec<String>>()
    };
    payctl.up();
    assert_eq!(carriers().await, [""; 0]);
    payctl.configure("ttl = \"72h\"\n");
    payctl.up();
    // The topic's key: a key comes before a topic.
    let all = carriers().await;
    assert!(all.len() == 1 && all[0].contains(":key/"), "{all:?}");
    payctl.is_as_declared();

    let bare = ROLE.replace("tiny", "bare");
    let payctl = Payctl::new(&server).of_document("bare", Some(&bare));
    let ended = payctl.run(&["up", "--ttl", "72h", "--yes"]);
    ended.exits(1);
    ended.says("nothing of bare can carry the end of its life");
}
