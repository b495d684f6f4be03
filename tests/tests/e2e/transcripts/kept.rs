//! The transcripts that are kept, and what is not as it was.

use std::fs;

use payctl_tests::binary::Payctl;
use payctl_tests::emulator::root;
use payctl_tests::terminal::Terminal;

use super::same::always_the_same;

const APPROVE: &[(&str, &str)] = &[("Only \"yes\" is accepted: ", "yes\n")];
const DELETE: &[(&str, &str)] = &[("us-east-1 (dev): ", "dev\n")];

/// The transcripts of one width.
pub(super) struct Transcripts {
    pub(super) columns: usize,
    /// The ends of what is not as it was.
    different: Vec<String>,
}

impl Transcripts {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, different: Vec::new() }
    }

    /// What one types and sees, one command after the other.
    #[track_caller]
    pub(super) fn keep(&mut self, name: &str, payctl: &Payctl, commands: &[(&str, i32)]) {
        let shown = commands.iter().map(|(command, code)| {
            let shown = self.shown(payctl, command, *code);
            format!("$ payctl {command}\n{}", always_the_same(&shown))
        });
        let text = shown.collect::<Vec<_>>().join("\n");
        self.compare(name, text.trim_end());
    }

    /// The same of one command, of which nothing differs from run to run.
    #[track_caller]
    pub(super) fn keep_exactly(&mut self, name: &str, payctl: &Payctl, command: &str, code: i32) {
        let shown = self.shown(payctl, command, code);
        self.compare(name, format!("$ payctl {command}\n{shown}").trim_end());
    }

    #[track_caller]
    fn shown(&self, payctl: &Payctl, command: &str, code: i32) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        let answers = match words[0] {
            "up" => APPROVE,
            "destroy" => DELETE,
            _ => &[],
        };
        let ended = Terminal::of(self.columns).answers(answers).run(payctl, &words);
        ended.exits(code);
        ended.stdout
    }

    pub(super) fn compare(&mut self, name: &str, text: &str) {
        let name = format!("docs/transcripts/{name}-{}.txt", self.columns);
        let (path, text) = (root().join(&name), format!("{text}\n"));
        if std::env::var_os("PAYCTL_TRANSCRIPTS").is_some_and(|set| set == "write") {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            return;
        }
        let before = fs::read_to_string(&path).unwrap_or_default();
        if before != text {
            let line = |text: &str, nth| text.lines().nth(nth).unwrap_or("(its end)").to_owned();
            let nth = (0..).find(|nth| line(&before, *nth) != line(&text, *nth)).unwrap_or(0);
            let (kept, seen) = (line(&before, nth), line(&text, nth));
            self.different.push(format!("{name}:{}\n  kept {kept}\n  seen {seen}", nth + 1));
        }
    }

    pub(super) fn end(self) {
        assert!(
            self.different.is_empty(),
            "what one sees is not what docs/transcripts holds; PAYCTL_TRANSCRIPTS=write writes it \
             anew:\n{}",
            self.different.join("\n")
        );
    }
}
