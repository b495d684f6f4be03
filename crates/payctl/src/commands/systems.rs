//! The commands that systems name.

use payctl_engine::State;
use payctl_stack::Systems;

use super::shift;
use super::system::SystemCommand;

const ALL: &[SystemCommand] = &[shift::COMMAND];

/// Those that are there for the sake of some of `systems`.
pub(crate) fn offered(systems: Systems) -> impl Iterator<Item = &'static SystemCommand> + Clone {
    ALL.iter().filter(move |command| systems.with_command(command.name).is_some())
}

/// What they have under way in an environment.
pub(crate) fn under_way(systems: Systems, state: &State) -> Vec<String> {
    offered(systems).filter_map(|command| (command.under_way)(state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_system_names_is_there() {
        for system in payctl_stack::ALL.listed() {
            for name in system.commands {
                assert!(ALL.iter().any(|command| command.name == *name), "{name}");
            }
        }
    }

    #[test]
    fn a_command_is_offered_for_the_sake_of_a_system() {
        let names = |systems| offered(systems).map(|command| command.name).collect::<Vec<_>>();
        assert_eq!(names(payctl_stack::ALL), ["shift"]);
        const ONE: &[payctl_stack::System] = &[payctl_stack::pci_core::SYSTEM];
        assert_eq!(names(ONE.into()), [""; 0]);
        let has = |systems, name| crate::cli::command(systems).find_subcommand(name).is_some();
        assert!(has(payctl_stack::ALL, "shift") && !has(ONE.into(), "shift"));
    }
}
