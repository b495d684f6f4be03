//! Texts with `${…}` in them.

use std::ops::Range;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it stands.
    Text(String),
    /// What stands between `${` and `}`, and where in the text all of that is.
    Variable(String, Range<usize>),
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoEnd(pub(crate) usize);

/// The pieces of `text`; `$${` stands for a literal `${`.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, NoEnd> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let begin = at + found;
        if text[at..begin].ends_with('$') {
            plain += &text[at..begin - 1];
            plain += "${";
            at = begin + 2;
            continue;
        }
        plain += &text[at..begin];
        let end = text[begin..].find('}').ok_or(NoEnd(begin))? + begin;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Variable(text[begin + 2..end].to_owned(), begin..end + 1));
        at = end + 1;
    }
    plain += &text[at..];
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn variable(name: &str, range: Range<usize>) -> Piece {
        Piece::Variable(name.to_owned(), range)
    }

    #[test]
    fn variables_are_found_and_what_is_escaped_is_none() {
        assert_eq!(pieces("").unwrap(), [text("")]);
        assert_eq!(pieces("a $b {c}").unwrap(), [text("a $b {c}")]);
        assert_eq!(pieces("${a}").unwrap(), [variable("a", 0..4)]);
        let expected = [text("x-"), variable("sqs.queue:a.arn", 2..20), text("/*")];
        assert_eq!(pieces("x-${sqs.queue:a.arn}/*").unwrap(), expected);
        assert_eq!(pieces("$${aws:username}").unwrap(), [text("${aws:username}")]);
        assert_eq!(
            pieces("ä$${x}${y}$").unwrap(),
            [text("ä${x}"), variable("y", 7..11), text("$")]
        );
        assert_eq!(pieces("${a"), Err(NoEnd(0)));
        assert_eq!(pieces("${a}${b"), Err(NoEnd(4)));
    }
}
