//! Hostile input and hostile servers: refused by one rule, never a panic, bounded in time and
//! memory, and nothing written or asked elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use payctl_stack::SYSTEMS;
use payctl_tests::binary::Payctl;
use payctl_tests::proxy::{Fate, Mangling, Rule};
use payctl_tests::torture::{Extent, Rack, seed, tell};

/// Each further system is one more name here.
const NASTY: [&str; 24] = [
    "",
    " ",
    "-",
    "--",
    "../../x",
    "..",
    "/etc/passwd",
    "$(id)",
    "`id`",
    "a\nb",
    "a\tb",
    "\u{1b}[2J",
    "DEV",
    "dév",
    "\u{202e}ved",
    "dev-",
    "-dev",
    "de--v",
    "dev\u{0}",
    "0",
    "a.b",
    "dev ",
    "ＤＥＶ",
    "a/b",
];

/// A text made of pieces that break things.
fn text(random: &mut fastrand::Rng) -> String {
    const PIECES: [&str; 14] =
        ["a", "dev", "-", "0", "/", "..", " ", "\n", "é", "\u{1f4a5}", "\"", "=", "[", "\u{7f}"];
    match random.u8(0..10) {
        0 => "x".repeat(10_000),
        1..4 => NASTY[random.usize(..NASTY.len())].replace('\u{0}', ""),
        _ => (0..random.usize(0..12)).map(|_| PIECES[random.usize(..PIECES.len())]).collect(),
    }
}

/// The rule of suffixes, written here a second time.
fn is_suffix(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    text.len() <= 18 && text.split('-').all(fits)
}

/// Every path below `folder`.
fn paths(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            all.extend(paths(&path));
        }
        all.insert(path.display().to_string());
    }
    all
}

/// S5: the command line.
#[test]
fn no_word_breaks_the_command_line() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let before = paths(payctl.folder());
    let mut random = fastrand::Rng::with_seed(seed());
    let (mut refused, mut taken) = (0, 0);
    let count = Extent::chosen().of(400, 20_000);
    for nth in 0..count {
        let word = text(&mut random);
        let options =
            ["--suffix", "--stack", "--region", "--endpoint-url", "--parallelism", "--color"];
        let option = options[nth % options.len()];
        let ended = payctl.run(&["state", "list", &format!("{option}={word}")]);
        assert!(matches!(ended.code, Some(0 | 1)), "{option} {word:?}\n{ended}");
        assert!(!ended.stderr.contains("panicked"), "{option} {word:?}\n{ended}");
        assert!(!ended.stderr.contains('\u{1b}'), "{option} {word:?} reaches the terminal");
        assert!(ended.stderr.len() < 4000, "{option}: {} bytes of advice", ended.stderr.len());
        if option == "--suffix" {
            assert_eq!(ended.code == Some(0), is_suffix(&word), "{word:?}\n{ended}");
        }
        if ended.code == Some(0) { taken += 1 } else { refused += 1 }
    }
    assert_eq!(paths(payctl.folder()), before, "something was written");
    tell(&format!(
        "S5: {count} words on the command line: {refused} refused, {taken} taken, 0 panics, nothing \
         written"
    ));
}

/// S5: configuration, state and journal, hurt in every way.
#[test]
fn no_file_breaks_anything() {
    let payctl = Payctl::at("http://127.0.0.1:1", "dev");
    let whole = "stack = \"pci-core\"\nregion = \"eu-central-1\"\nprotected = [\"prod\"]\n[tags]\n\
                 team = \"red\"\n[pci-core]\nnat = \"per-zone\"\nmemory_mb = 1024\n\
                 network = \"10.0.0.0/16\"\nerror_alarm_above = 1.5\nposture = \"strict\"\n";
    let mut random = fastrand::Rng::with_seed(seed());
    let count = Extent::chosen().of(300, 20_000);
    let folder = payctl.state();
    fs::create_dir_all(&folder).unwrap();
    let files = [
        payctl.folder().join("payctl.toml"),
        folder.join("state.json"),
        folder.join("journal.jsonl"),
    ];
    for nth in 0..count {
        let file = &files[nth % files.len()];
        let mut bytes = match nth % files.len() {
            0 => whole.as_bytes().to_vec(),
            1 => br#"{"checksum":"0","state":{"format":1,"stack":"pci-core"}}"#.to_vec(),
            _ => b"{\"seq\":1,\"sum\":\"0\",\"entry\":{}}\n".to_vec(),
        };
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            match random.u8(0..5) {
                0 => bytes[at] ^= 1 << random.u8(0..8),
                1 => bytes.truncate(at + 1),
                2 => bytes.extend(text(&mut random).into_bytes()),
                3 => drop(bytes.splice(at..at, text(&mut random).into_bytes())),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        fs::write(file, &bytes).unwrap();
        let before = paths(payctl.folder());
        let ended = payctl.run(&["state", if nth % 2 == 0 { "list" } else { "check" }]);
        let hurt = String::from_utf8_lossy(&bytes);
        assert!(matches!(ended.code, Some(0 | 1 | 4)), "{hurt:?}\n{ended}");
        assert!(!ended.stderr.contains("panicked"), "{hurt:?}\n{ended}");
        assert!(!ended.stderr.contains('\u{1b}'), "{hurt:?} reaches the terminal\n{ended}");
        assert_eq!(paths(payctl.folder()), before, "{hurt:?}");
        fs::remove_file(file).unwrap();
    }
    tell(&format!(
        "S5: {count} hurt configurations, states and journals: 0 panics, nothing written"
    ));
}

/// The most memory that the run had, in megabytes; `sh` outlives it to tell.
fn peak(rack: &Rack, rule: &Rule, verb: &[&str]) -> (payctl_tests::binary::Ended, u64) {
    let given = rack.payctl.command(verb);
    let mut command = std::process::Command::new("python3");
    command.args([
        "-c",
        "import resource, subprocess, sys\n\
        code = subprocess.call(sys.argv[1:])\n\
        print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n\
        sys.exit(code)",
    ]);
    command.arg(given.get_program()).args(given.get_args());
    command.current_dir(rack.payctl.folder()).env_clear();
    command.envs(given.get_envs().filter_map(|(key, value)| Some((key, value?))));
    rack.proxy.set(rule);
    let ended = payctl_tests::binary::Run::start(command).end();
    let peak = ended.stderr.lines().find_map(|line| line.strip_prefix("peak ")).unwrap();
    let megabytes = peak.trim().parse::<u64>().unwrap() / 1024;
    (ended, megabytes)
}

/// S6: whatever the server answers. A sample tries one of the systems, another one for each seed.
#[tokio::test]
async fn no_answer_breaks_a_system() {
    let all: Vec<&str> = SYSTEMS.iter().map(|system| system.name).collect();
    let sample = [all[seed() as usize % all.len()]];
    for system in Extent::chosen().of(&sample[..], &all[..]) {
        no_answer_breaks(system).await;
    }
}

async fn no_answer_breaks(system: &str) {
    // Another host: nobody comes.
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    let visits = Arc::new(AtomicU64::new(0));
    let counted = visits.clone();
    std::thread::spawn(move || {
        for _ in other.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let manglings = [
        Mangling::Half,
        Mangling::Empty,
        Mangling::OtherTypes,
        Mangling::Noise,
        Mangling::Elsewhere(port),
    ];
    let rack = Rack::new(system).await;
    let (mut runs, mut most) = (0, 0);
    let mut check = |ended: payctl_tests::binary::Ended, peak: u64, context: &str| {
        assert!(matches!(ended.code, Some(0 | 1)), "{context}\n{ended}");
        assert!(!ended.stderr.contains("panicked"), "{context}\n{ended}");
        // An id that was mangled is not visible to what refers to it, for the 150 s that may take.
        assert!(ended.took < Duration::from_secs(200), "{context}\n{ended}");
        assert!(peak < 300, "{context}: {peak} MB\n{ended}");
        runs += 1;
        most = most.max(peak);
    };
    for mangling in manglings {
        for seed in 0..Extent::chosen().of(1, 10) {
            rack.clean();
            let of_hundred = vec![(4, Fate::Mangle(mangling))];
            let rule = Rule::Chance { seed: seed + 1, of_hundred };
            let (ended, peak) = peak(&rack, &rule, &["up", "--yes"]);
            rack.state_is_readable(&format!("{rule:?}"));
            let text = ended.to_string();
            check(ended, peak, &format!("{rule:?}"));
            // What a mangled answer was about is found again.
            rack.comes_up(&format!("{rule:?}\n{text}")).await;
        }
    }
    for mangling in [Mangling::Huge, Mangling::MorePages] {
        rack.clean();
        let rule = match mangling {
            Mangling::Huge => Rule::At { nth: 10, fate: Fate::Mangle(mangling) },
            _ => Rule::From { nth: 1, fate: Fate::Mangle(mangling) },
        };
        let (ended, peak) = peak(&rack, &rule, &["plan"]);
        check(ended, peak, &format!("{rule:?}"));
    }
    assert_eq!(visits.load(Ordering::Relaxed), 0, "another host was asked");
    tell(&format!(
        "S6 {system}: {runs} runs against a server that mangles its answers: 0 panics, at most \
         {most} MB, no other host asked, everything found again"
    ));
}
