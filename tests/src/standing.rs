//! An environment that stands, for tests of what is done to it from outside.

use std::collections::BTreeSet;

use payctl_aws::Aws;
use payctl_engine::state::Store;
use payctl_engine::{Action, Address, Plan};

use crate::account;
use crate::binary::{Payctl, calls, changing_calls, differences};
use crate::cloud::{clients, difference, everything};
use crate::emulator::{Emulator, Server};

/// An environment that stands.
pub struct Standing {
    pub server: Server,
    pub payctl: Payctl,
    pub aws: Aws,
    /// All that there is.
    pub all: BTreeSet<String>,
}

impl Standing {
    /// Of `system`, on the sandbox.
    pub async fn of(system: &str) -> Self {
        Self::made_by(system, |payctl| {
            payctl.up();
        })
        .await
    }

    /// The same, made by something that does more than `up`.
    pub async fn made_by(system: &str, up: impl FnOnce(&Payctl)) -> Self {
        let server = Server::start(Emulator::Sandbox);
        let payctl = Payctl::new(&server).of(system);
        let aws = clients(&server).await;
        Self::stands(server, payctl, aws, up).await
    }

    /// The same in an account that AWS Config records, with this configuration.
    pub async fn recorded(system: &str, configuration: &str) -> Self {
        let server = Server::start(Emulator::Sandbox);
        let payctl = Payctl::new(&server).of(system);
        payctl.configure(configuration);
        let aws = clients(&server).await;
        account::records(&aws).await;
        let up = |payctl: &Payctl| {
            payctl.up();
        };
        Self::stands(server, payctl, aws, up).await
    }

    /// From now on with an access key that may do what payctl itself says it needs.
    #[must_use]
    pub fn under_its_own_policy(self) -> Self {
        let Self { server, payctl, aws, all } = self;
        let payctl = payctl.under_its_own_policy(&server);
        Self { server, payctl, aws, all }
    }

    async fn stands(server: Server, payctl: Payctl, aws: Aws, up: impl FnOnce(&Payctl)) -> Self {
        up(&payctl);
        let all = everything(&aws).await;
        Self { server, payctl, aws, all }
    }

    /// What AWS assigned, as the state has it.
    pub fn known(&self, address: &str, output: &str) -> String {
        let state = Store::at(self.payctl.state()).load().unwrap().state.unwrap();
        let record = &state.resources[&Address::parse(address).unwrap()];
        record.outputs[output].as_str().unwrap().to_owned()
    }

    /// Its id.
    pub fn id(&self, address: &str) -> String {
        self.known(address, "id")
    }

    /// The bucket's name.
    pub fn bucket(&self, base: &str) -> String {
        format!("{base}-dev-123456789012")
    }

    /// The plan, which names exactly `addresses`.
    #[track_caller]
    pub fn names(&self, addresses: &BTreeSet<&str>) -> Plan {
        let plan = self.payctl.plan();
        let named = plan.steps.iter().filter(|step| step.action != Action::Keep);
        let named: BTreeSet<&str> = named.map(|step| step.address.as_str()).collect();
        assert_eq!(named, *addresses, "{:#?}", differences(&plan));
        plan
    }

    /// A plan without changes asks twice per resource at most; of four calls one is for what others
    /// may have attached.
    pub fn asks_little(&self) {
        calls(&self.server);
        let plan = self.payctl.plan();
        let asked = calls(&self.server);
        let (total, resources) = (asked.values().sum::<u64>(), plan.steps.len() as u64);
        let few = total <= resources * 2;
        assert!(few, "{total} calls for {resources} resources: {asked:#?}");
    }

    /// Without its state it is found again, nothing is changed, and it can be destroyed.
    pub async fn is_found_without_its_state(&self) {
        self.payctl.lose_state();
        changing_calls(&self.server);
        self.payctl.up();
        assert_eq!(changing_calls(&self.server), [].into());
        self.is_repaired().await;
        self.payctl.lose_state();
        self.payctl.destroy();
    }

    /// `up` brings everything back to what it was.
    pub async fn is_repaired(&self) {
        let ended = self.payctl.up();
        let wrong = difference(&self.all, &everything(&self.aws).await);
        assert!(wrong.is_empty(), "{wrong:#?}\n{ended}");
        self.payctl.is_as_declared();
    }
}
