//! One system, or one document, as one sees it from its first plan until it stands. Tests that deploy it
//! anyway let it be shown as they do.

use payctl_tests::binary::Payctl;
use payctl_tests::standing::Standing;

use super::as_typical::as_typical;
use super::kept::Transcripts;

/// One of payctl's systems, shown as it comes up.
pub(crate) async fn shown(system: &str) -> Standing {
    let options = format!("--stack {system} --suffix dev");
    let up = |payctl: &Payctl| Shown::system(payctl, system, &options).stands();
    Standing::made_by(system, up).await
}

/// What is shown, and how one names it.
pub(crate) struct Shown<'a> {
    pub(crate) payctl: &'a Payctl,
    /// The folder of its transcripts.
    pub(crate) name: &'a str,
    /// The options that name it.
    pub(crate) options: &'a str,
    /// How `check` ends.
    pub(crate) check: i32,
}

impl<'a> Shown<'a> {
    /// One of payctl's systems, which keeps its controls.
    pub(crate) fn system(payctl: &'a Payctl, name: &'a str, options: &'a str) -> Self {
        Self { payctl, name, options, check: 0 }
    }

    /// Deploys it, and holds what one sees against the transcripts.
    #[track_caller]
    pub(crate) fn stands(&self) {
        let [mut narrow, mut wide] = [80, 140].map(Transcripts::new);
        self.before(&mut narrow);
        self.before(&mut wide);
        self.up(&mut narrow);
        self.after(&mut narrow);
        self.after(&mut wide);
        narrow.end();
        wide.end();
    }

    /// What one sees before anything is there; what is hardly any wider in more columns, in 80 alone.
    #[track_caller]
    pub(super) fn before(&self, all: &mut Transcripts) {
        let Self { payctl, options, check, .. } = self;
        all.keep(&self.file("plan"), payctl, &[(&format!("plan {options}"), 0)]);
        if all.columns == 80 {
            all.keep_exactly(&self.file("check"), payctl, &format!("check {options}"), *check);
            all.keep_exactly(&self.file("cost"), payctl, &format!("cost {options}"), 0);
        }
    }

    #[track_caller]
    pub(super) fn up(&self, all: &mut Transcripts) {
        all.keep(&self.file("up"), self.payctl, &[(&format!("up {}", self.options), 0)]);
        as_typical(self.payctl);
    }

    /// What one sees of what stands.
    #[track_caller]
    pub(super) fn after(&self, all: &mut Transcripts) {
        let Self { payctl, options, .. } = self;
        all.keep_exactly(&self.file("timeline"), payctl, &format!("timeline {options}"), 0);
        if all.columns == 80 {
            all.keep(&self.file("status"), payctl, &[(&format!("status {options}"), 0)]);
        }
    }

    fn file(&self, what: &str) -> String {
        format!("{}/{what}", self.name)
    }
}
