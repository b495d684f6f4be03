//! Cases of databases.

use std::collections::BTreeSet;

use payctl_aws::ec2::{Subnet, VpcRef};
use payctl_aws::rds::{
    Cluster, ClusterParameterGroup, ClusterParameterGroupRef, ClusterRef, EventSubscription,
    Instance, InstanceRef, Monitoring, SubnetGroup, SubnetGroupRef,
};
use payctl_aws::secretsmanager::{Generate, Secret, SecretRef};
use payctl_aws::{Artifacts, Aws, Facts, Set};
use payctl_engine::{
    Address, Call, FailureKind, Goal, Handle as _, Outcome, Provider as _, Readiness, Stack,
};
use serde_json::{Value, json};

use super::{Case, ec2, iam, kms, secretsmanager, sns, stack, tags};
use crate::emulator::Emulator::{self, Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];

/// What a cluster is made with.
struct Parts {
    vpc: VpcRef,
    subnet_group: SubnetGroupRef,
    parameter_group: ClusterParameterGroupRef,
    secret: SecretRef,
    cluster: Cluster,
}

fn add_subnet_group(s: &mut Stack, vpc: &VpcRef) -> SubnetGroupRef {
    let subnets = ZONES.iter().enumerate().map(|(nth, zone)| {
        let subnet = Subnet {
            vpc: vpc.id(),
            cidr: format!("10.0.{nth}.0/24").parse().unwrap(),
            zone: (*zone).into(),
            public: false,
            tags: tags(zone),
        };
        s.add(zone, subnet).id()
    });
    let group = SubnetGroup {
        name: "conformance-test".to_owned(),
        description: "conformance".to_owned(),
        vpc: vpc.id(),
        subnets: subnets.collect(),
        tags: tags("subnets"),
    };
    s.add("main", group)
}

fn parameter_group(name: &str) -> ClusterParameterGroup {
    let parameters = [("rds.force_ssl", "1"), ("log_statement", "ddl"), ("max_connections", "300")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ClusterParameterGroup {
        name: name.to_owned(),
        family: "aurora-postgresql16".to_owned(),
        description: "conformance".to_owned(),
        parameters: parameters.into(),
        tags: tags("parameters"),
    }
}

fn secret(name: &str) -> Secret {
    Secret {
        name: name.to_owned(),
        description: "the master user".to_owned(),
        kms_key: None,
        generate: Generate {
            fixed: [("username".to_owned(), "payments_admin".to_owned())].into(),
            key: "password".to_owned(),
            length: 32,
            punctuation: false,
        },
        recovery_window_days: None,
        pending_deletion: false,
        tags: tags(name),
    }
}

fn parts(facts: &Facts, s: &mut Stack) -> Parts {
    let vpc = s.add("main", ec2::vpc());
    let subnet_group = add_subnet_group(s, &vpc);
    let parameter_group = s.add("main", parameter_group("conformance-test"));
    let secret = s.add("main", secret("conformance-test"));
    let key = s.add("main", kms::key(facts, &[]));
    let group = s.add("database", ec2::group("conformance-test", &vpc));
    let cluster = Cluster {
        identifier: "conformance-test".to_owned(),
        engine: "aurora-postgresql".to_owned(),
        engine_version: "16.8".to_owned(),
        database_name: "payments".to_owned(),
        master_username: "payments_admin".to_owned(),
        master_secret: secret.arn(),
        port: 5432,
        zones: ZONES.into_iter().map(Into::into).collect(),
        subnet_group: subnet_group.name(),
        security_groups: [group.id()].into_iter().collect(),
        kms_key: key.arn(),
        backup_retention_days: 30,
        parameter_group: parameter_group.name(),
        log_exports: ["postgresql".to_owned()].into_iter().collect(),
        iam_authentication: true,
        deletion_protection: true,
        copy_tags_to_snapshots: true,
        final_snapshot: false,
        tags: tags("cluster"),
    };
    Parts { vpc, subnet_group, parameter_group, secret, cluster }
}

fn instance(name: &str, cluster: &ClusterRef, zone: &str) -> Instance {
    Instance {
        identifier: name.to_owned(),
        cluster: cluster.identifier().when_created(),
        engine: "aurora-postgresql".to_owned(),
        class: "db.r6g.large".to_owned(),
        zone: zone.into(),
        publicly_accessible: false,
        auto_minor_version_upgrade: true,
        promotion_tier: 1,
        monitoring: None,
        tags: tags(name),
    }
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let vpc = s.add("main", ec2::vpc());
    let group = add_subnet_group(&mut s, &vpc);
    let declared = s.resources().iter().find(|one| one.address == *group.address()).unwrap();
    let mut fewer = declared.properties["subnets"].clone();
    fewer.as_array_mut().unwrap().pop();
    cases.push(
        Case::new(s, group.address())
            .edit("description", "another")
            .edit("subnets", fewer)
            .edit("tags", tags("other"))
            .except(Moto, "create", "ModifyDBSubnetGroup takes the group away"),
    );

    let mut s = stack();
    let group = s.add("main", parameter_group("conformance-test"));
    // One that takes another value, a static one that comes, and two that go.
    let parameters = json!({ "rds.force_ssl": "0", "shared_preload_libraries": "pgaudit" });
    cases.push(
        Case::new(s, group.address())
            .edit("parameters", parameters)
            .edit("tags", tags("other"))
            .except(Moto, "create", "it has no ResetDBClusterParameterGroup"),
    );

    let mut s = stack();
    let parts = parts(facts, &mut s);
    let other_parameters = s.add("other", parameter_group("conformance-other"));
    let other_secret = s.add("other", secret("conformance-other"));
    let other_group = s.add("other", ec2::group("conformance-other", &parts.vpc));
    let cluster = s.add("main", parts.cluster);
    let groups: Set<_> = [other_group.id()].into_iter().collect();
    cases.push(
        Case::new(s, cluster.address())
            .edit("engine_version", "16.9")
            .edit("master_secret", other_secret.arn())
            .edit("port", 5433)
            .edit("security_groups", groups)
            .edit("backup_retention_days", 7)
            .edit("parameter_group", other_parameters.name())
            .edit("log_exports", json!([]))
            .edit("iam_authentication", false)
            .edit("deletion_protection", false)
            .edit("copy_tags_to_snapshots", false)
            .edit("final_snapshot", true)
            .edit("tags", tags("other"))
            .except(Moto, "log_exports", "ModifyDBCluster does not know them")
            .except(Moto, "iam_authentication", "ModifyDBCluster does not know it")
            .except(Ministack, "log_exports", "DescribeDBClusters leaves them out"),
    );

    let mut s = stack();
    let parts = self::parts(facts, &mut s);
    let cluster = s.add("main", parts.cluster);
    let roles = ["first", "second"].map(|name| {
        let role = iam::role(&format!("conformance-{name}"), "monitoring.rds.amazonaws.com");
        s.add(name, role).arn()
    });
    let [first, second] = roles.map(|role| Some(Monitoring { interval_s: 60, role }));
    let instance =
        Instance { monitoring: first, ..instance("conformance-test", &cluster, ZONES[1]) };
    let instance = s.add("main", instance);
    cases.push(
        Case::new(s, instance.address())
            .edit("class", "db.r6g.xlarge")
            .edit("publicly_accessible", true)
            .edit("auto_minor_version_upgrade", false)
            .edit("promotion_tier", 2)
            .edit("monitoring", second)
            .edit("monitoring", None::<Monitoring>)
            .edit("tags", tags("other"))
            .except(Ministack, "auto_minor_version_upgrade", "ModifyDBInstance does not know it")
            .except(Ministack, "promotion_tier", "ModifyDBInstance does not know it"),
    );

    let mut s = stack();
    let parts = self::parts(facts, &mut s);
    let cluster = s.add("main", parts.cluster);
    let topics = ["first", "second"]
        .map(|name| s.add(name, sns::topic(facts, name, &["events.rds.amazonaws.com"])).arn());
    let [topic, other] = topics;
    let subscription = EventSubscription {
        name: "conformance-test".to_owned(),
        topic,
        source_type: "db-cluster".to_owned(),
        sources: [cluster.identifier().when_created().cast()].into_iter().collect(),
        categories: ["failure", "maintenance"].map(str::to_owned).into_iter().collect(),
        enabled: true,
        tags: tags("events"),
    };
    let subscription = s.add("main", subscription);
    cases.push(
        Case::new(s, subscription.address())
            .edit("topic", other)
            .edit("categories", ["failover"])
            .edit("enabled", false)
            .edit("tags", tags("other"))
            .except(Moto, "create", "it has no ModifyEventSubscription")
            .except(Ministack, "create", "it has no event subscriptions"),
    );
}

async fn environment(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

/// A cluster of which `change` says what is special, with a writer and a reader.
struct Database {
    stack: Stack,
    parts: [Address; 3],
    cluster: ClusterRef,
    instances: [InstanceRef; 2],
}

fn database(facts: &Facts, change: impl FnOnce(&mut Stack, Cluster) -> Cluster) -> Database {
    let mut stack = stack();
    let Parts { subnet_group, parameter_group, secret, cluster, .. } = parts(facts, &mut stack);
    let cluster = change(&mut stack, cluster);
    let cluster = stack.add("main", cluster);
    let instances = [("one", ZONES[0]), ("two", ZONES[1])].map(|(name, zone)| {
        stack.add(name, instance(&format!("conformance-{name}"), &cluster, zone))
    });
    let parts = [subnet_group.address(), parameter_group.address(), secret.address()];
    Database { stack, parts: parts.map(Clone::clone), cluster, instances }
}

fn complete(outcome: &Outcome) {
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
}

async fn snapshots(aws: &Aws) -> BTreeSet<String> {
    let reply = aws.rds.describe_db_cluster_snapshots().send().await.unwrap();
    let seen = reply.db_cluster_snapshots().iter();
    let ours = seen.filter(|one| one.snapshot_type() == Some("manual"));
    ours.map(|one| one.db_cluster_snapshot_identifier().unwrap().to_owned()).collect()
}

/// Its endpoints are known and its instances are made before it is available, and all of it goes
/// in its order, at AWS's pace.
pub async fn a_cluster_takes_its_time() {
    let server = Server::start_slow(100);
    let environment = environment(&server).await;
    let database = database(&environment.facts, |_, cluster| cluster);
    let address = database.cluster.address();
    let (_, outcome) = environment.run(&database.stack, Goal::Up).await;
    complete(&outcome);

    let record = environment.state().resources[address].clone();
    let call = |address, properties| Call {
        address,
        owner: &environment.owner,
        token: "0123456789abcdef0123456789abcdef",
        properties,
    };
    let provider = &environment.provider;
    let of_cluster = call(address, &record.properties);
    let ready = provider.ready(of_cluster, &record.outputs).await.unwrap();
    assert_eq!(ready, Readiness::Ready);
    let taken = provider.create(of_cluster, &record.properties).await.unwrap_err();
    assert_eq!(taken.kind, FailureKind::Conflict, "{taken}");

    let (_, outcome) = environment.run(&database.stack, Goal::Destroy).await;
    complete(&outcome);
    assert_eq!(environment.state().resources.len(), 0);

    // Again, but the cluster and an instance without the engine's retries.
    let (_, outcome) = environment.run(&without_database(&environment.facts), Goal::Up).await;
    complete(&outcome);
    let state = environment.state();
    let resolved = |address: &Address, stack: &Stack| {
        let declared = stack.resources().iter().find(|one| one.address == *address).unwrap();
        payctl_engine::input::resolve(&declared.properties, &|reference| {
            state.resources.get(&reference.address)?.outputs.get(&reference.output).cloned()
        })
    };
    let properties = resolved(address, &database.stack);
    let of_cluster = call(address, &properties);
    let outputs = provider.create(of_cluster, &properties).await.unwrap();
    // Known at once: an address of the loopback where the sandbox has a real database.
    let endpoint = outputs["endpoint"].as_str().unwrap();
    let named =
        ["conformance-test.cluster-", "127."].iter().any(|begin| endpoint.starts_with(begin));
    assert!(named, "{endpoint}");
    let waits = provider.ready(of_cluster, &outputs).await.unwrap();
    assert!(matches!(&waits, Readiness::NotYet(what) if what.contains("creating")), "{waits:?}");

    let [one, _] = &database.instances;
    let mut of_one = resolved(one.address(), &database.stack);
    of_one["cluster"] = outputs["identifier"].clone();
    let of_instance = call(one.address(), &of_one);
    let made = provider.create(of_instance, &of_one).await.unwrap();
    let waits = provider.ready(of_instance, &made).await.unwrap();
    assert!(matches!(&waits, Readiness::NotYet(what) if what.contains("creating")), "{waits:?}");
    // Both are on their way, and nothing can be changed yet.
    let changed = payctl_engine::Changed::new(["port"]);
    let busy = provider.converge(of_cluster, &properties, &outputs, &changed).await.unwrap_err();
    assert_eq!(busy.kind, FailureKind::Pending, "{busy}");
    let begun = provider.delete(of_instance, &made).await.unwrap_err();
    assert_eq!(begun.kind, FailureKind::Pending, "{begun}");
    // What is on its way out is as good as gone, and its name is not free.
    assert_eq!(provider.read(of_instance, &made).await.unwrap(), None);
    let wait = provider.create(of_instance, &of_one).await.unwrap_err();
    assert_eq!(wait.kind, FailureKind::Pending, "{wait}");
}

/// All but the cluster and its instances.
fn without_database(facts: &Facts) -> Stack {
    let mut stack = stack();
    parts(facts, &mut stack);
    stack
}

/// A deletion leaves one snapshot behind, however often it is tried, and the next one another.
pub async fn a_final_snapshot_is_made_once() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let keep = |_: &mut Stack, cluster| Cluster { final_snapshot: true, ..cluster };
    let database = database(&environment.facts, keep);
    let address = database.cluster.address();
    let mut all = BTreeSet::new();
    for interrupted in [false, true] {
        let (_, outcome) = environment.run(&database.stack, Goal::Up).await;
        complete(&outcome);
        let outputs = environment.state().resources[address].outputs.clone();
        let id = outputs["resource_id"].as_str().unwrap().to_lowercase();
        let name = format!("conformance-test-final-{}", id.trim_start_matches("cluster-"));
        if interrupted {
            // By a try that made it and went no further.
            let request = aws.rds.create_db_cluster_snapshot();
            let request = request.db_cluster_identifier("conformance-test");
            request.db_cluster_snapshot_identifier(&name).send().await.unwrap();
        }
        let (_, outcome) = environment.run(&database.stack, Goal::Destroy).await;
        complete(&outcome);
        assert!(all.insert(name), "another cluster has another name");
        assert_eq!(snapshots(aws).await, all);
    }
}

/// An instance that nobody here made keeps its cluster, and the run says so and does not wait.
pub async fn a_foreign_instance_keeps_its_cluster() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let database = database(&environment.facts, |_, cluster| cluster);
    let (_, outcome) = environment.run(&database.stack, Goal::Up).await;
    complete(&outcome);
    let request = aws.rds.create_db_instance().db_instance_identifier("by-hand");
    let request = request.db_cluster_identifier("conformance-test").engine("aurora-postgresql");
    request.db_instance_class("db.r6g.large").send().await.unwrap();

    let (_, outcome) = environment.run(&database.stack, Goal::Destroy).await;
    let failed = format!("{:?}", outcome.failed);
    assert!(failed.contains("delete by-hand before"), "{failed}");
    let left = environment.state().resources;
    for address in database.parts.iter().chain([database.cluster.address()]) {
        assert!(left.contains_key(address), "{address} is gone");
    }
    let request = aws.rds.delete_db_instance().db_instance_identifier("by-hand");
    request.skip_final_snapshot(true).send().await.unwrap();
    let (_, outcome) = environment.run(&database.stack, Goal::Destroy).await;
    complete(&outcome);
}

/// A minor version that AWS installed is no difference; a major one is.
pub async fn a_minor_version_is_installed_by_aws() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let database = database(&environment.facts, |_, cluster| cluster);
    let (_, outcome) = environment.run(&database.stack, Goal::Up).await;
    complete(&outcome);
    let upgrade = |version: &str| {
        let request = environment.aws().rds.modify_db_cluster().apply_immediately(true);
        let request = request.db_cluster_identifier("conformance-test").engine_version(version);
        request.allow_major_version_upgrade(true)
    };
    upgrade("16.10").send().await.unwrap();
    let plan = environment.plan(&database.stack, Goal::Up).await;
    let changes: Vec<_> = plan.steps.iter().flat_map(|step| &step.changes).collect();
    assert!(changes.is_empty(), "{changes:#?}");

    let fits = environment.aws().rds.create_db_cluster_parameter_group().description("by hand");
    let fits = fits.db_cluster_parameter_group_name("by-hand");
    fits.db_parameter_group_family("aurora-postgresql17").send().await.unwrap();
    let request = upgrade("17.4").db_cluster_parameter_group_name("by-hand");
    request.send().await.unwrap();
    let plan = environment.plan(&database.stack, Goal::Up).await;
    let changes = plan.steps.iter().flat_map(|step| &step.changes);
    let changed: Vec<_> = changes.map(|change| change.property.as_str()).collect();
    assert_eq!(changed, ["engine_version", "parameter_group"]);
}

/// From the creation to the deletion, and through a change of the secret, the master user's
/// password is in nothing that payctl has.
pub async fn a_password_is_written_nowhere(emulator: Emulator) {
    let server = Server::start(emulator);
    secretsmanager::listen();
    let environment = environment(&server).await;
    let first = database(&environment.facts, |stack, cluster| {
        stack.add("other", secret("conformance-other"));
        cluster
    });
    let second = database(&environment.facts, |stack, cluster| {
        let other = stack.add("other", secret("conformance-other"));
        Cluster { master_secret: other.arn(), ..cluster }
    });
    let mut all = Vec::new();
    for stack in [&first.stack, &second.stack] {
        let plan = environment.plan(stack, Goal::Up).await;
        let outcome = environment.execute(&plan).await;
        complete(&outcome);
        let observed = environment.observe(stack).await;
        all.push(serde_json::to_string(&plan).unwrap());
        all.push(format!("{plan:?} {outcome:?} {observed:?} {:?}", environment.state()));
    }
    let values = secretsmanager::values(environment.aws()).await;
    assert_eq!(values.len(), 2);
    // What is refused is told without it, too. Ministack takes a short one.
    for (value, refused) in
        [(r#"{"password":"canary\""}"#, emulator == Sandbox), ("canary, and not JSON", true)]
    {
        let aws = environment.aws();
        for secret in ["conformance-test", "conformance-other"] {
            let request = aws.secretsmanager.put_secret_value().secret_id(secret);
            request.secret_string(value).send().await.unwrap();
        }
        let (plan, outcome) = environment.run(&first.stack, Goal::Up).await;
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        assert_eq!(!outcome.failed.is_empty(), refused, "{value}: {:?}", outcome.failed);
        all.push(format!("{plan:?} {outcome:?}"));
        environment.run(&second.stack, Goal::Up).await;
    }
    let destroyed = environment.run(&second.stack, Goal::Destroy).await;
    all.push(format!("{destroyed:?}"));
    let logged = secretsmanager::heard();
    for operation in ["GetSecretValue", "CreateDBCluster", "ModifyDBCluster"] {
        assert!(logged.contains(&format!("operation=\"{operation}\"")), "{operation}: {logged}");
    }
    all.push(logged);
    all.extend(secretsmanager::written(environment.folder()));
    assert!(all.iter().any(|text| text.contains("payments_admin")), "the user's name is in none");
    for value in values {
        let value: Value = serde_json::from_str(&value).unwrap();
        secretsmanager::assert_absent(value["password"].as_str().unwrap(), &all);
    }
    secretsmanager::assert_absent("canary", &all);
}
