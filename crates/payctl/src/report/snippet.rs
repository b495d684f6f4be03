//! A mistake in a document, with the lines that it is in.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use payctl_document::{Problem, Span};

use super::width;

/// The longest line that is shown as it is: a generator's JSON is one line.
const LONGEST_LINE: usize = 2000;

/// `problem` as a compiler would show it.
pub(crate) fn snippet(name: &str, text: &str, problem: &Problem) -> String {
    let Problem { at, message, label, hint } = problem;
    let acts = |c: char| {
        let turns = matches!(
            c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        turns || (c.is_control() && c != '\n' && c != '\t')
    };
    let clean = |text: &str| text.replace(acts, "\u{fffd}");
    let (message, label) = (clean(message), clean(label));
    let title = Level::ERROR.primary_title(message);
    // What stands elsewhere, as on the command line, has no lines here.
    if *at == Span::default() {
        let help = hint.iter().map(|hint| Level::HELP.with_name("hint").message(clean(hint)));
        let group = Group::with_title(title).elements(help);
        return Renderer::styled().term_width(width()).render(&[group]);
    }
    let (start, end) = (at.start.min(text.len()), at.end.min(text.len()));
    // Only the lines that matter, so that a large document costs nothing.
    let begin = text[..floor(text, start)].rfind('\n').map_or(0, |newline| newline + 1);
    let first_end = text[begin..].find('\n').map_or(text.len(), |newline| begin + newline);
    let line = text[..begin].matches('\n').count() + 1;
    // What spans lines is shown by its first.
    let (start, end) =
        (floor(text, start), floor(text, end.min(first_end)).max(floor(text, start)));
    let (from, to) = match first_end - begin > LONGEST_LINE {
        true => (
            floor(text, start.saturating_sub(60).max(begin)),
            floor(text, (end + 60).min(first_end)),
        ),
        false => (begin, first_end),
    };
    let shown = clean(&text[from..to]);
    // Cleaning may have changed the length of what holds control characters.
    let at = match shown.len() == to - from {
        true => start - from..end - from,
        false => 0..0,
    };
    let snippet = Snippet::source(shown)
        .line_start(line)
        .path(name)
        .annotation(AnnotationKind::Primary.span(at).label((!label.is_empty()).then_some(label)));
    let mut group = title.element(snippet);
    if let Some(hint) = hint {
        group = group.element(Level::HELP.with_name("hint").message(clean(hint)));
    }
    Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width()).render(&[group])
}

/// The last boundary of a character that is not behind `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, at: std::ops::Range<usize>, hint: Option<&str>) -> String {
        let problem = Problem {
            at: Span { start: at.start, end: at.end },
            message: "it is wrong".to_owned(),
            label: "this".to_owned(),
            hint: hint.map(str::to_owned),
        };
        let shown = snippet("x.toml", text, &problem);
        anstream::adapter::strip_str(&shown).to_string()
    }

    #[test]
    fn the_line_is_shown_with_the_place_in_it() {
        let text = "name = \"a\"\nextends = \"b\"\n";
        let expected = "\
error: it is wrong
 --> x.toml:2:1
  |
2 | extends = \"b\"
  | ^^^^^^^ this
  |
  = hint: change it";
        assert_eq!(shown(text, 11..18, Some("change it")), expected);
    }

    #[test]
    fn no_place_and_no_text_are_too_much() {
        for (text, at) in [
            ("", 0..0),
            ("x", 0..0),
            ("", 5..9),
            ("ä", 1..1),
            ("a = \"\u{1b}[31m\"", 4..8),
            ("a = [\n1,\n2]\n", 4..11),
            ("\u{202e}x", 0..3),
        ] {
            assert!(shown(text, at.clone(), None).contains("it is wrong"), "{text:?} {at:?}");
        }
        let line = format!("{{{}}}", "\"k\": 1, ".repeat(100_000));
        assert!(shown(&line, 400_001..400_004, None).len() < 1000);
    }
}
