//! How wide texts are, and texts that fit. What shows a picture may have any font: the widths are
//! those of a wide one, so that nothing runs into anything.

/// The width of a text in a font of `size` px, in px.
pub(crate) fn width(text: &str, size: u32) -> u32 {
    let thousandths: u32 = text.chars().map(share).sum();
    (thousandths * size).div_ceil(1000)
}

/// How much of its size a character is wide, in thousandths: about those of DejaVu Sans.
fn share(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | ' ' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' => 340,
        'f' | 't' | 'r' | '-' | '(' | ')' | '/' | '·' => 410,
        'm' | 'w' | 'M' | 'W' | '…' | '±' => 990,
        'A'..='Z' => 720,
        '0'..='9' => 640,
        c if c.is_ascii() => 630,
        _ => 1000,
    }
}

/// The text, cut where it is wider than `room` px.
pub(crate) fn fitted(text: &str, size: u32, room: u32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short, size) + size > room {
            short.pop();
            break;
        }
    }
    short + "…"
}

/// The text in lines of at most `room` px, broken between words.
pub(crate) fn wrapped(text: &str, size: u32, room: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, room)),
        }
    }
    lines
}
