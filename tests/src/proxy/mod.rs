//! A fault proxy between the real binary and an emulator: it numbers every request, knows its
//! operation, and does to it what a rule says. A rule prints itself, so that a failure can be
//! repeated.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

mod lag;
mod mangle;
mod wire;

use lag::Lag;
pub use mangle::Mangling;
pub use wire::Refusal;
use wire::Request;

/// What is done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes through.
    Pass,
    /// The client is killed, with the request applied (its answer lost) or not.
    Kill { applied: bool },
    /// It is refused in the protocol's own words.
    Refuse(Refusal),
    /// It is applied and the answer lost.
    LoseAnswer,
    /// The connection ends before the request has any effect.
    Reset,
    /// Nothing is ever answered.
    Hang,
    /// It goes through this much later.
    Delay(Duration),
    /// It is applied, and the answer mangled.
    Mangle(Mangling),
    /// It is answered with this instead, as done.
    Answer(&'static str),
}

/// Which requests meet which fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All go through.
    Nothing,
    /// The `nth` from when the rule was set.
    At { nth: u64, fate: Fate },
    /// Those of each operation.
    Each(&'static [(&'static str, Fate)]),
    /// The `nth` and all after it.
    From { nth: u64, fate: Fate },
    /// Each by chance: so many of a hundred meet each fate.
    Chance { seed: u64, of_hundred: Vec<(u64, Fate)> },
    /// What was just made is absent from the next `reads` that ask for it, and from as many of
    /// the next `writes` that name it.
    Lag { reads: u32, writes: u32 },
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number since the rule was set, from 1.
    pub nth: u64,
    /// Such as `ec2 CreateVpc` or `s3 PUT /bucket`.
    pub name: String,
    /// Whether it changes something.
    pub changing: bool,
    /// The access key id that signed it, if one did.
    pub key: Option<String>,
    /// What it asks for, where that is a form in its body.
    pub form: Option<String>,
    /// What was done to it.
    pub fate: Fate,
    /// When it came.
    pub at: Instant,
}

/// A running proxy; ends with this value.
#[derive(Debug)]
pub struct Proxy {
    pub endpoint: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    inner: Mutex<Inner>,
    over: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    rule: Rule,
    random: fastrand::Rng,
    lag: Lag,
    calls: Vec<Call>,
    victim: Option<u32>,
    /// The client is being killed: nothing of it goes through any more.
    killed: bool,
}

impl Proxy {
    /// Starts one in front of `upstream`, an endpoint.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let inner = Inner {
            rule: Rule::Nothing,
            random: fastrand::Rng::with_seed(1),
            lag: Lag::default(),
            calls: Vec::new(),
            victim: None,
            killed: false,
        };
        let shared =
            Arc::new(Shared { upstream, inner: Mutex::new(inner), over: AtomicBool::new(false) });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.over.load(Ordering::Relaxed) {
                    return;
                }
                let (serving, Ok(stream)) = (serving.clone(), stream) else { continue };
                std::thread::spawn(move || drop(serving.serve(stream)));
            }
        });
        Self { endpoint, shared }
    }

    /// What happens from now on; numbers begin at 1 again.
    pub fn set(&self, rule: &Rule) {
        let mut inner = self.shared.lock();
        inner.random = fastrand::Rng::with_seed(match rule {
            Rule::Chance { seed, .. } => *seed,
            _ => 1,
        });
        inner.lag = match rule {
            Rule::Lag { reads, writes } => Lag::new(*reads, *writes),
            _ => Lag::default(),
        };
        inner.rule = rule.clone();
        inner.calls.clear();
        inner.victim = None;
        inner.killed = false;
    }

    /// Whose life is at stake.
    pub fn victim(&self, pid: u32) {
        self.shared.lock().victim = Some(pid);
    }

    /// What came since the rule was set.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How often each changing call went through since the rule was set.
    pub fn changing(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for call in self.calls().into_iter().filter(|call| call.changing) {
            *counts.entry(call.name).or_insert(0) += 1;
        }
        counts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Wakes the listener up, so that it sees the end.
        let _ = TcpStream::connect(self.endpoint.trim_start_matches("http://"));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection: one request. The answer asks to close it.
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let Some(mut request) = Request::read(&mut client)? else { return Ok(()) };
        let fate = {
            let mut inner = self.lock();
            if inner.killed {
                return Ok(());
            }
            let nth = inner.calls.len() as u64 + 1;
            let (name, changing) = (request.name(), request.is_changing());
            let fate = inner.fate(&name);
            let (key, form) = (request.key(), request.form());
            inner.calls.push(Call { nth, name, changing, key, form, fate, at: Instant::now() });
            inner.killed = matches!(fate, Fate::Kill { .. });
            if fate == Fate::Pass {
                inner.lag.hide(&mut request);
            }
            fate
        };
        match fate {
            Fate::Pass => {
                let answer = self.forward(&request)?;
                self.lock().lag.learn(&request, &answer);
                client.write_all(&answer)
            }
            Fate::Kill { applied } => {
                if applied {
                    self.forward(&request)?;
                }
                self.kill();
                Ok(())
            }
            Fate::Refuse(refusal) => client.write_all(&request.refused(refusal)),
            Fate::Answer(body) => write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ),
            Fate::LoseAnswer => self.forward(&request).map(drop),
            Fate::Reset => Ok(()),
            Fate::Hang => {
                // Until the client gives up, or the test is over.
                client.set_read_timeout(Some(Duration::from_millis(200)))?;
                while !self.over.load(Ordering::Relaxed) {
                    match client.read(&mut [0]) {
                        Ok(0) => break,
                        Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => break,
                        _ => {}
                    }
                }
                Ok(())
            }
            Fate::Mangle(mangling) => {
                let answer = self.forward(&request)?;
                mangling.write(&answer, &mut client)
            }
            Fate::Delay(pause) => {
                std::thread::sleep(pause);
                let answer = self.forward(&request)?;
                client.write_all(&answer)
            }
        }
    }

    fn forward(&self, request: &Request) -> std::io::Result<Vec<u8>> {
        let mut upstream = TcpStream::connect(&self.upstream)?;
        upstream.write_all(&request.bytes())?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    fn kill(&self) {
        let victim = self.lock().victim;
        let pid = victim.expect("the rule kills, and nobody is named").to_string();
        let _ = Command::new("kill").args(["-s", "KILL", &pid]).status();
    }
}

impl Inner {
    fn fate(&mut self, name: &str) -> Fate {
        let nth = self.calls.len() as u64 + 1;
        match &self.rule {
            Rule::At { nth: at, fate } if nth == *at => *fate,
            Rule::From { nth: from, fate } if nth >= *from => *fate,
            Rule::Each(all) => {
                let meant = all.iter().find(|(operation, _)| name.ends_with(operation));
                meant.map_or(Fate::Pass, |(_, fate)| *fate)
            }
            Rule::Chance { of_hundred, .. } => {
                let mut drawn = self.random.u64(0..100);
                for (share, fate) in of_hundred {
                    if drawn < *share {
                        return *fate;
                    }
                    drawn -= share;
                }
                Fate::Pass
            }
            _ => Fate::Pass,
        }
    }
}
