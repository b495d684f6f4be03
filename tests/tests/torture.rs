//! What payctl promises when things go wrong, with the real binary. `make test` tries a seeded
//! sample; `make torture` tries everything and prints the counts of docs/reliability.md.

use payctl_tests::torture::{DOCUMENT, Extent, disk, faults, kills, runs, seed, shared};
use tokio::sync::Semaphore;

/// Each further system is one more name here.
const SYSTEMS: [&str; 4] = ["pci-core", "secure-api", "cost-optimized", "migration"];

/// Some proofs hold payctl to a time, so that only as many run at once as any machine has cores,
/// however many tests do.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

macro_rules! each_system {
    ($($name:ident: $proof:path,)+) => {$(
        #[tokio::test]
        async fn $name() {
            let _permit = AT_ONCE.acquire().await.unwrap();
            for system in tried(stringify!($name)) {
                $proof(system, Extent::chosen()).await;
            }
        }
    )+};
}

/// The systems that a proof is tried on: all in full, or the one that `PAYCTL_SYSTEM` names. In
/// the sample all are killed at calls, and every other proof has one of them, which the seed moves
/// on.
fn tried(proof: &str) -> Vec<&'static str> {
    if let Ok(name) = std::env::var("PAYCTL_SYSTEM") {
        let system = SYSTEMS.into_iter().chain([DOCUMENT]).find(|system| *system == name);
        return vec![system.unwrap_or_else(|| panic!("PAYCTL_SYSTEM is {name:?}: there is none"))];
    }
    if proof.starts_with("r1_") {
        return SYSTEMS.into_iter().chain([DOCUMENT]).collect();
    }
    if matches!(Extent::chosen(), Extent::All) {
        return SYSTEMS.to_vec();
    }
    let spread = proof.bytes().map(u64::from).sum::<u64>() + seed();
    vec![SYSTEMS[spread as usize % SYSTEMS.len()]]
}

each_system! {
    r1_r2_killed_at_any_call_it_converges_and_leaves_nothing: kills::at_every_call,
    shared_killed_at_any_request_to_the_bucket_it_converges: shared::at_every_request,
    shared_any_request_to_the_bucket_may_fail: shared::each_request_fails,
    shared_faults_by_chance_are_absorbed: shared::by_chance,
    shared_expired_credentials_of_the_bucket_end_it: shared::expired,
    shared_of_many_machines_one_proceeds: shared::machines,
    shared_lost_it_is_found_again: shared::lost_state,
    r3_throttling_is_absorbed: faults::throttling,
    r4_errors_and_resets_are_absorbed: faults::errors,
    r4_an_outage_ends_cleanly: faults::outage,
    r5_lost_answers_make_no_duplicate: faults::lost_answers,
    r6_late_reads_drop_nothing: faults::late_reads,
    r7_silence_is_noticed: faults::silence,
    r8_a_failing_disk_ends_it_and_loses_nothing: disk::fails,
    r8_a_disk_that_fills_up_loses_nothing: disk::small_disk,
    r9_killed_at_any_write_it_converges: disk::killed,
    r10_of_many_runs_one_proceeds: runs::together,
    r10_a_holder_is_waited_for_or_outlived: runs::holders,
    r13_signals_end_it_in_time: runs::signals,
    r15_expired_credentials_end_it_at_once: faults::expired,
    a_wrong_clock_is_named_and_survived: disk::clock,
    r16_nothing_to_do_is_nothing_done: runs::calm,
}

/// For a minute it waits for a lease to end, and needs no core.
#[tokio::test]
async fn shared_a_machine_that_was_cut_off_changes_nothing() {
    for system in tried("shared_a_machine_that_was_cut_off_changes_nothing") {
        shared::cut_off(system, Extent::chosen()).await;
    }
}
