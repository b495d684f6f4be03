//! Who is told when an alarm fires: a topic of the environment's, a mailbox that it writes to, and a
//! topic that is there already.

use payctl_aws::sns::TopicRef;
use payctl_aws::{Arn, Set};
use payctl_engine::{Input, Stack};

use crate::parts::topic;

/// What a system's section of the configuration says of alarms.
pub(crate) struct Alerts<'a> {
    pub(crate) section: &'static str,
    /// Whose mailbox the topics write to.
    pub(crate) email: Option<&'a str>,
    /// A topic of somebody else's, which alarms act on as well.
    pub(crate) topic: Option<&'a Arn>,
}

impl Alerts<'_> {
    /// What an alarm does that `own` is told of.
    pub(crate) fn actions(&self, own: &TopicRef) -> Set<Input<Arn>> {
        let other = self.topic.map(|arn| Input::Known(arn.clone()));
        [own.arn()].into_iter().chain(other).collect()
    }

    /// Says whether anybody hears the alarms.
    pub(crate) fn note(&self, stack: &mut Stack) {
        if let Some(email) = self.email {
            // The topics may have said so.
            let note = topic::asks(email);
            if !stack.notes().contains(&note) {
                stack.note(&note);
            }
        }
        if let Some(topic) = self.topic {
            stack.note(&format!(
                "alarms also act on {topic}, whose policy has to let CloudWatch of this account \
                 publish, and whose key it has to be allowed"
            ));
        }
        if self.email.is_none() && self.topic.is_none() {
            stack.note(&format!(
                "nobody hears the alarms: `alert_email` under [{}] subscribes an address, \
                 `alert_topic_arn` names a topic that is there already",
                self.section
            ));
        }
    }
}
