//! This process, told apart from every other of this machine for all time.

use std::fs;

/// What names this process: the machine's boot, the process namespace, the process and its start.
/// Empty where the system does not tell: then nobody can say that it has ended.
pub(super) fn this() -> String {
    let own = std::process::id();
    world().and_then(|world| Some(format!("{world} {own} {}", started(own)?))).unwrap_or_default()
}

/// Whether the process so named has ended; `None` where it is of another machine, or of a namespace
/// that cannot be looked into.
pub(super) fn has_ended(process: &str) -> Option<bool> {
    let world = world()?;
    let (pid, start) = process.strip_prefix(&world)?.strip_prefix(' ')?.split_once(' ')?;
    Some(started(pid.parse().ok()?).is_none_or(|now| now != start))
}

/// The machine since it was booted, and the namespace in which processes have their numbers: a
/// container has one of its own, whatever it calls itself.
fn world() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// When a process started, in ticks since the boot; `None` where it has ended, also where nobody has
/// waited for it yet.
fn started(pid: u32) -> Option<String> {
    // proc_pid_stat(5): the name in parentheses may hold anything; behind it the state is the 1st
    // and the start the 20th.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let start = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| start.to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn one_that_runs_is_told_from_one_that_has_ended() {
        assert_eq!(has_ended(&this()), Some(false));
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let name = format!("{} {pid} {}", world().unwrap(), started(pid).unwrap());
        assert_eq!(has_ended(&name), Some(false));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(has_ended(&name), Some(true));
        // Another process may have its number since.
        let again = format!("{} {} 1", world().unwrap(), std::process::id());
        assert_eq!(has_ended(&again), Some(true));
    }

    #[test]
    fn of_another_machine_nothing_is_concluded() {
        for other in ["", "another-boot pid:[1] 1 1", "1", "a b"] {
            assert_eq!(has_ended(other), None, "{other}");
        }
    }
}
