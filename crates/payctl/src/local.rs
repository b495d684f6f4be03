//! What can be said of an environment before any AWS call: its names, its configuration, its state.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use payctl_engine::state::{Loaded, Session};
use payctl_engine::{Holder, StateError, Store};
use payctl_stack::config::Config;
use payctl_stack::{Suffix, System, Systems};

use crate::aside::aside;
use crate::connection::shared;
use crate::cost::{Basis, Said};
use crate::document::{Known, Places};
use crate::environments::{self, Chosen, First, choose};
use crate::error::CliError;
use crate::global::Global;
use crate::states::{States, folder};
use crate::{configuration, document, report};

/// How often a lock on this machine is tried again.
const LOOK: Duration = Duration::from_millis(200);
/// How often one in a bucket is.
const LOOK_FAR: Duration = Duration::from_secs(2);

/// What can be said before any AWS call.
pub(crate) struct Local {
    pub(crate) system: &'static System,
    pub(crate) suffix: Suffix,
    /// The systems that there are.
    pub(crate) systems: Systems,
    /// What named it, as far as it was not typed; else empty.
    pub(crate) origin: String,
    /// Whether nobody named it.
    guessed: bool,
    pub(crate) config: Config,
    /// What a month is counted by.
    pub(crate) basis: Basis,
    pub(crate) store: Store,
    /// Where all environments' states are.
    pub(crate) states: States,
    /// The folder of what this machine knows: all states, where none is shared, and how long things
    /// took.
    pub(crate) folder: PathBuf,
    /// Where the document of a stack of one's own stands.
    pub(crate) places: Option<Places>,
    /// What is wrong with it.
    mistakes: Option<CliError>,
}

impl Local {
    /// Reads the command line and the configuration. Where no environment is named, `first` says
    /// what that means; the command line is answered with its names filled in.
    pub(crate) fn read(global: &Global, first: First) -> Result<(Global, Self), CliError> {
        let mut config = configuration::read(global.config.as_deref(), global.systems)?;
        let usage = match config.usage.is_empty() {
            true => Said::default(),
            false => Said::of_configuration(&configuration::path(global.config.as_deref()))?,
        };
        let basis = Basis::read(global.config.as_deref(), usage)?;
        let mut global = global.clone();
        global.shared = shared(&global, &config)?;
        let Known { mistakes, places } = document::load(&mut global, &mut config)?;
        payctl_aws::ignore_tags(&config.ignore_tags);
        let Chosen { system, suffix, origin, guessed } = choose(&global, &config, first)?;
        let states = global.states(global.sandbox);
        let store = states.store(system.name, suffix.as_str());
        let folder = folder(&global.state_dir, global.sandbox);
        global.suffix = Some(suffix.clone());
        global.stack = Some(system.name.to_owned());
        let systems = global.systems;
        Ok((
            global,
            Self {
                system,
                suffix,
                systems,
                origin,
                guessed,
                config,
                basis,
                store,
                states,
                folder,
                places,
                mistakes,
            },
        ))
    }

    /// Refuses to make anything of a document that has mistakes.
    pub(crate) fn check_document(&mut self) -> Result<(), CliError> {
        self.mistakes.take().map_or(Ok(()), Err)
    }

    /// Says that only what is recorded, or found by its tags, is known of a stack whose document is no
    /// help.
    pub(crate) fn say_mistakes(&self) {
        if let Some(mistakes) = &self.mistakes {
            report::warn(&format!(
                "{}: what the state and AWS's list of tags know is looked at",
                mistakes.message
            ));
        }
    }

    /// The other system that has the suffix there, as far as the folder's states tell, and where.
    pub(crate) fn neighbour(
        &self,
        account: &str,
        region: &str,
    ) -> impl Future<Output = Result<Option<(&'static str, String)>, CliError>> + use<> {
        let (systems, system, suffix) = (self.systems, self.system, self.suffix.clone());
        let (states, account) = (self.states.clone(), account.to_owned());
        let region = region.to_owned();
        aside(move || {
            environments::neighbour(systems, (system, &suffix), &states, &account, &region)
        })
    }

    /// Where an environment of that suffix is that may be meant, when nothing is known of this one.
    pub(crate) fn meant(&self, global: &Global) -> Option<String> {
        environments::meant(global, self.system, &self.suffix)
    }

    /// The folder of what this machine knows of the environment.
    pub(crate) fn records(&self) -> PathBuf {
        self.folder.join(self.system.name).join(self.suffix.as_str())
    }

    /// Which environment it is, and what told so where it was not typed.
    pub(crate) fn title(&self) -> String {
        let Self { system, suffix, origin, .. } = self;
        match origin.is_empty() {
            true => format!("{} {suffix}", system.name),
            false => format!("{} {suffix} ({origin})", system.name),
        }
    }

    /// Says which environment was chosen though nobody named it, for commands that show no plan.
    pub(crate) fn say_guess(&self) {
        if self.guessed {
            report::say(&report::paint(report::DIM, self.title()));
        }
    }

    /// The state that is there, checked to be of this stack and suffix.
    pub(crate) fn load(&self) -> Result<Loaded, CliError> {
        self.checked(self.store.load()?)
    }

    /// What was loaded, checked to be of this stack and suffix.
    pub(crate) fn checked(&self, loaded: Loaded) -> Result<Loaded, CliError> {
        if let Some(state) = &loaded.state {
            let (stack, suffix) = (self.system.name, self.suffix.as_str());
            if (state.stack.as_str(), state.suffix.as_str()) != (stack, suffix) {
                let message = format!(
                    "the state in {} is of stack {}, suffix {}, not of {stack}, {suffix}",
                    self.store.folder().display(),
                    state.stack,
                    state.suffix,
                );
                return Err(CliError::failed(message).hint("was the folder copied or renamed?"));
            }
        }
        Ok(loaded)
    }

    /// Refuses what is to be destroyed if the configuration protects it.
    pub(crate) fn refuse_protected(&self) -> Result<(), CliError> {
        let suffix = self.suffix.as_str();
        if self.config.protected.iter().any(|protected| protected == suffix) {
            return Err(CliError::failed(format!("the suffix {suffix} is protected"))
                .hint("take it out of `protected` in the configuration if it is to be destroyed"));
        }
        Ok(())
    }

    /// Takes the lock for `command`, waiting for another run's end as long as that is asked for.
    pub(crate) async fn lock(&self, command: &str, global: &Global) -> Result<Session, CliError> {
        if !self.store.is_shared() && is_forgetful(global) {
            report::warn(&format!(
                "this is CI, and the state is in {} of this machine: if that is lost, the next run has \
                 to find all by its tags, and two jobs do not know of each other. Name a bucket in \
                 [state] of the configuration, or say --local-state",
                self.folder.display()
            ));
        }
        lock(&self.store, command, global).await
    }

    /// Who holds the lock while `command` runs.
    fn holder(command: &str) -> Holder {
        Holder {
            pid: std::process::id(),
            host: host(),
            command: command.to_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }
}

/// Takes a store's lock for `command`, waiting for another run's end as long as that is asked for, and
/// for as long as it takes to see whether that run is alive.
pub(crate) async fn lock(
    store: &Store,
    command: &str,
    global: &Global,
) -> Result<Session, CliError> {
    let (began, mut told) = (Instant::now(), false);
    let timeout = Duration::from_secs(global.lock_timeout);
    loop {
        match store.lock(&Local::holder(command)) {
            Err(StateError::Locked { holder, undecided, .. })
                if undecided.is_some() || began.elapsed() < timeout =>
            {
                if !std::mem::replace(&mut told, true) {
                    report::say(&match undecided {
                        Some(left) => {
                            let seconds = left.as_secs();
                            format!("waiting up to {seconds} s to see whether {holder} is alive")
                        }
                        None => {
                            let seconds = timeout.as_secs();
                            format!("waiting up to {seconds} s for {holder} to end")
                        }
                    });
                }
                tokio::time::sleep(undecided.map_or(LOOK, |left| LOOK_FAR.min(left))).await;
            }
            locked => return Ok(locked?),
        }
    }
}

/// Whether the folder of the state may be gone when the next run looks for it.
fn is_forgetful(global: &Global) -> bool {
    let ci = std::env::var("CI").unwrap_or_default();
    !global.sandbox && !global.local_state && !matches!(ci.as_str(), "" | "0" | "false")
}

/// The run of another process that is under way, if there is one: what the lock says, while its
/// process lives. The lock itself is not touched.
pub(crate) fn running(store: &Store) -> Option<String> {
    let holder = store.holder()?;
    if store.is_shared() {
        return Some(holder.to_string());
    }
    let Holder { pid, host, command, since } = holder;
    let here = host == Local::holder("").host;
    // One that has ended and that nobody has waited for is a zombie.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let alive = !stat.is_empty() && !stat.contains(") Z ");
    (here && alive && pid != std::process::id())
        .then(|| format!("`payctl {command}`, process {pid}, since {since}"))
}

/// Where the state is, for messages.
pub(crate) fn state_folder(local: &Local) -> PathBuf {
    local.store.folder().to_owned()
}

/// The name of this machine.
pub(crate) fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    host.trim().to_owned()
}
