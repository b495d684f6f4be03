//! The pages of the documentation: their commands are run as they are printed, and what they show
//! is held against what is shown.
//!
//! A block ` ```console ` holds commands behind `$ `, each with what it shows. A page's blocks are
//! run in their order, by one shell in one fresh folder. `…` alone on a line stands for any lines,
//! and within one for any text; what differs from run to run (times, ids, ports, processes) is
//! compared by its form. A command that shows nothing is run all the same. Each has to succeed,
//! unless it shows an error or `echo $?` follows.
//!
//! A question is answered with what the page shows behind it. ` ```toml ` becomes `payctl.toml`, or the
//! file that its first line names, as `# refunds.stack.toml` does.
//! ` ```console,aws ` needs what no test has, such as an account: of each payctl command in it only
//! the words are checked.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::emulator::root;

/// What a page does and shows, in its order.
#[derive(Debug, PartialEq, Eq)]
pub enum Deed {
    Run(Shown),
    /// Only what its words say is checked.
    Parse(Shown),
    /// Becomes a file.
    Configure(String),
}

/// A command and what it shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Where it stands.
    pub line: usize,
    pub command: String,
    pub output: Vec<String>,
}

/// A page of the documentation.
#[derive(Debug)]
pub struct Page {
    pub path: PathBuf,
    pub text: String,
}

/// What ends the output of a command, with its number and exit code.
pub const END: &str = "\u{1}END";

/// On a terminal of its own: answers the question and ends as the command does.
const TERMINAL: &str = r#"
import os, pty, sys
prompt, answer, *words = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(words[0], words)
shown, answered = b"", False
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    shown += some
    if not answered and prompt.encode() in shown:
        os.write(terminal, answer.encode() + b"\n")
        answered = True
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// What the questions begin with, each before what is to be typed.
const QUESTIONS: [&str; 2] = ["Apply these changes?", "Type the suffix"];

/// All pages: the README and what is below `docs/`.
pub fn pages() -> Vec<Page> {
    let mut paths = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

impl Page {
    pub fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// The page of that name, below the project's root.
    pub fn named(name: &str) -> Self {
        Self::read(root().join(name))
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap_or(&self.path).display().to_string()
    }

    /// What it does and shows.
    pub fn deeds(&self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (line, language, text) in self.blocks() {
            match language.as_str() {
                "console" => deeds.extend(commands(line, &text).into_iter().map(Deed::Run)),
                "console,aws" => deeds.extend(commands(line, &text).into_iter().map(Deed::Parse)),
                "toml" => deeds.push(Deed::Configure(text)),
                _ => {}
            }
        }
        deeds
    }

    /// The fenced blocks: the first line's number, the language, the text.
    pub fn blocks(&self) -> Vec<(usize, String, String)> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, String, String)> = None;
        let mut indent = 0;
        for (number, line) in (1..).zip(self.text.lines()) {
            match (&mut open, line.trim_start().strip_prefix("```")) {
                (None, Some(language)) => {
                    indent = line.len() - line.trim_start().len();
                    open = Some((number + 1, language.trim().to_owned(), String::new()));
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some((.., text)), None) => {
                    // A block within a list is indented as a whole.
                    text.push_str(line.get(indent..).unwrap_or_default());
                    text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block does not end", self.name());
        blocks
    }

    /// The table below the heading, without its head: each row's cells.
    pub fn table(&self, heading: &str) -> Vec<Vec<String>> {
        let mut lines =
            self.text.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
        assert!(lines.next().is_some(), "{} has no heading {heading:?}", self.name());
        lines
            .take_while(|line| !line.starts_with('#'))
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .skip(2)
            .map(|line| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect())
            .collect()
    }
}

/// The commands of a block: each goes on over lines that end in `\`.
fn commands(first: usize, text: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut goes_on = false;
    for (line, content) in (first..).zip(text.lines()) {
        if let (false, Some(command)) = (goes_on, content.strip_prefix("$ ")) {
            commands.push(Shown { line, command: command.to_owned(), output: Vec::new() });
        } else if let Some(last) = commands.last_mut() {
            match goes_on {
                true => last.command += &format!("\n{content}"),
                false => last.output.push(content.to_owned()),
            }
        } else {
            panic!("line {line}: a block of commands begins with one");
        }
        goes_on = content.ends_with('\\') && (goes_on || content.starts_with("$ "));
    }
    commands
}

impl Shown {
    /// Whether it is meant to fail.
    pub fn may_fail(&self) -> bool {
        self.output.iter().any(|line| line.starts_with("error:"))
    }

    /// Whether it runs the AWS CLI.
    fn asks_aws(&self) -> bool {
        self.command.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "aws")
    }

    /// The question that it shows, up to its answer, and that.
    fn question(&self) -> Option<(&str, &str)> {
        let asked = |line: &&String| QUESTIONS.iter().any(|question| line.starts_with(question));
        let line = self.output.iter().find(asked)?;
        let (_, answer) = line.rsplit_once(": ")?;
        let question = QUESTIONS.into_iter().find(|question| line.starts_with(question))?;
        Some((question, answer))
    }
}

/// A script that runs a page's commands, each followed by a line with its number and exit code.
pub fn script(page: &Page) -> String {
    let mut script = format!("TERMINAL={}\n", quoted(TERMINAL));
    for (number, deed) in page.deeds().iter().enumerate() {
        match deed {
            Deed::Run(shown) => match shown.question() {
                Some((question, answer)) => writeln!(
                    script,
                    "\"$PYTHON\" -c \"$TERMINAL\" {} {} sh -c {}",
                    quoted(question),
                    quoted(answer),
                    quoted(&shown.command)
                ),
                None => writeln!(script, "{}", shown.command),
            },
            Deed::Parse(shown) => writeln!(script, "{}", parsed(&shown.command)),
            Deed::Configure(text) => {
                let named = text.lines().next().and_then(|line| line.strip_prefix("# "));
                let named = named.filter(|name| name.ends_with(".toml") && !name.contains(' '));
                let file = named.unwrap_or("payctl.toml");
                writeln!(script, "printf %s {} >{}", quoted(text), quoted(file))
            }
        }
        .unwrap();
        // What comes next may ask for the exit code.
        script +=
            &format!("CODE=$?; printf '\\n{END} {number} %s\\n' \"$CODE\"; (exit \"$CODE\")\n");
    }
    script
}

/// The command with a request for its help, which it grants once its words are understood.
fn parsed(command: &str) -> String {
    let command = command.split(" #").next().unwrap_or(command).trim();
    match command.strip_prefix("payctl ") {
        Some(_) => format!("{command} --help"),
        None => ":".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What was shown as the page has it; says what differs first.
pub fn compare(wanted: &[String], shown: &str) -> Result<(), String> {
    let wanted: Vec<String> = lines(&wanted.join("\n"));
    let shown: Vec<String> = lines(shown);
    if wanted.is_empty() {
        return Ok(());
    }
    // fits[i][j]: the first i wanted lines can be the first j shown ones.
    let mut fits = vec![vec![false; shown.len() + 1]; wanted.len() + 1];
    fits[0][0] = true;
    for i in 1..=wanted.len() {
        for j in 0..=shown.len() {
            fits[i][j] = match wanted[i - 1].as_str() {
                "…" => fits[i - 1][j] || (j > 0 && fits[i][j - 1]),
                line => j > 0 && fits[i - 1][j - 1] && same(line, &shown[j - 1]),
            };
        }
    }
    if fits[wanted.len()][shown.len()] {
        return Ok(());
    }
    let reached = (0..=wanted.len()).rev().find(|i| fits[*i].contains(&true)).unwrap_or(0);
    let missing = wanted.get(reached).map_or("nothing more", String::as_str);
    Err(format!("it shows\n{}\nwhere the page has: {missing}", shown.join("\n")))
}

/// The lines that say something, as a reader of the terminal sees them.
fn lines(text: &str) -> Vec<String> {
    let text = without_colours(text);
    // What a carriage return begins anew is overwritten.
    let lines = text.lines().map(|line| line.trim_end().rsplit('\r').next().unwrap_or_default());
    lines.map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        let end = after.find(|c: char| c.is_ascii_alphabetic());
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    plain + rest
}

/// Whether a shown line is the wanted one, which may leave text out with `…`.
fn same(wanted: &str, shown: &str) -> bool {
    let (wanted, shown) = (form(wanted), form(shown));
    let mut parts = wanted.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = shown.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        match parts.peek() {
            None => return rest.ends_with(part),
            Some(_) => match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            },
        }
    }
    true
}

/// The line with what differs from run to run by its form: numbers with a unit of time, ids, ports,
/// and as much blank as is usual.
fn form(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let units = ["ms", "s", "min", "s,", "s:", "s)", "s.", "min."];
    let mut formed = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        let number = word.trim_start_matches('(').parse::<f64>().is_ok();
        let timed = words.get(nth + 1).is_some_and(|next| units.contains(next));
        let process = nth > 0 && ["process", "pid"].contains(&words[nth - 1]);
        formed.push(match () {
            () if number && timed => "N".to_owned(),
            () if process => "N".to_owned(),
            () => ids(word),
        });
    }
    let indented = line.starts_with(' ') || line.starts_with('\t');
    format!("{}{}", if indented { " " } else { "" }, formed.join(" "))
}

/// A word with its ids, hexadecimal and of AWS's making, ports, dates and times as `#`.
fn ids(word: &str) -> String {
    let mut formed = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        formed += match run {
            run if is_id(run) => "#",
            run if formed.ends_with("127.0.0.1:") => match run.parse::<u16>() {
                Ok(_) => "#",
                Err(_) => run,
            },
            run => run,
        };
        let mut others = after.chars();
        formed.extend(others.next());
        rest = others.as_str();
    }
    formed
}

/// Whether it is made up: long, and of digits and letters as no word is.
fn is_id(run: &str) -> bool {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    let hexadecimal = run.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    let account = run == "123456789012";
    !account && ((hexadecimal && run.len() >= 8 && digits > 0) || (run.len() == 10 && digits > 1))
}

/// Writes the script of a page, and what it needs, into a folder.
pub fn prepare(page: &Page, folder: &Path) -> PathBuf {
    for name in ["lambda-src", "target", "examples"] {
        std::os::unix::fs::symlink(root().join(name), folder.join(name)).unwrap();
    }
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(root().join("target/debug/payctl"), bin.join("payctl")).unwrap();
    if page.deeds().iter().any(|deed| matches!(deed, Deed::Run(one) if one.asks_aws())) {
        let aws = root().join("target/tools/awscli/bin/aws");
        assert!(aws.exists(), "{} is missing: run `make tools`", aws.display());
        std::os::unix::fs::symlink(aws, bin.join("aws")).unwrap();
    }
    if page.text.contains("$ minisign ") {
        let script = root().join("tests/signatures.py");
        let text = format!("#!/bin/sh\nexec \"$PYTHON\" '{}' \"$@\"\n", script.display());
        let path = bin.join("minisign");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    let path = folder.join("page.sh");
    std::fs::write(&path, script(page)).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page { path: root().join("docs/test.md"), text: text.to_owned() }
    }

    #[test]
    fn commands_have_what_they_show() {
        let page =
            page("```console\n$ one \\\n    two\nshown\n$ three\n```\n```toml\na = 1\n```\n");
        let shown = |line, command: &str, output: &[&str]| {
            let output = output.iter().map(|line| (*line).to_owned()).collect();
            Deed::Run(Shown { line, command: command.to_owned(), output })
        };
        assert_eq!(
            page.deeds(),
            [
                shown(2, "one \\\n    two", &["shown"]),
                shown(5, "three", &[]),
                Deed::Configure("a = 1\n".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_shown_is_compared_as_a_reader_does() {
        let fits = |wanted: &str, shown: &str| {
            compare(&wanted.lines().map(str::to_owned).collect::<Vec<_>>(), shown).is_ok()
        };
        assert!(fits("done: up, 38 steps in 1.5 s", "done: up, 38 steps in 12.0 s\n\n"));
        assert!(!fits("done: up, 38 steps in 1.5 s", "done: up, 37 steps in 1.5 s\n"));
        assert!(fits("vpc_id    vpc-c8b6a48b8544842e5", "vpc_id  vpc-0123456789abcdef0"));
        assert!(!fits("vpc_id    vpc-c8b6a48b8544842e5", "vpc_id  subnet-0123456789abcdef0"));
        assert!(fits("running at http://127.0.0.1:5000", "running at http://127.0.0.1:41234"));
        assert!(fits("a\n…\nz", "a\nb\nc\nz\n") && fits("a\n…\nz", "a\nz\n"));
        assert!(!fits("a\n…\nz", "a\nb\n") && !fits("a", "a\nb") && !fits("a\nb", "a"));
        assert!(fits("+ lambda… 3 of them", "+ lambda.function:a 3 of them"));
        assert!(!fits("+ lambda… 3 of them", "- lambda.function:a 3 of them"));
        assert!(fits("asked: yes", "old\r\u{1b}[2Kasked: yes"));
    }

    #[test]
    fn questions_are_answered_as_shown() {
        let text =
            "```console\n$ payctl up\n…\nApply these changes? Only \"yes\" is accepted: yes\n```\n";
        assert!(script(&page(text)).contains("'Apply these changes?' 'yes' sh -c 'payctl up'"));
    }
}
