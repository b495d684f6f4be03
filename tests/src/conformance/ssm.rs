//! Cases of parameters.

use payctl_aws::ssm::Parameter;
use payctl_engine::Handle as _;

use super::{Case, stack, tags};

pub(super) fn cases(cases: &mut Vec<Case>) {
    let parameter = |name: &str| Parameter {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        value: "payments".into(),
        tier: "Standard".to_owned(),
        tags: tags(name),
    };
    let mut s = stack();
    let main = s.add("main", parameter("/conformance/test"));
    // One whose name begins with the other's.
    s.add("longer", parameter("/conformance/test-longer"));
    cases.push(
        Case::new(s, main.address())
            .edit("description", "another")
            .edit("value", "refunds")
            .edit("tags", tags("other")),
    );
}
