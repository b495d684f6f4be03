//! What differs from run to run, in one form.

/// The text with what differs from run to run in one form of the same length: ids, times, ports,
/// and the order in which things come about at the same time.
pub(super) fn always_the_same(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(same_line).collect();
    // What is created at the same time is done in any order.
    let over = |line: &String| {
        ["created ", "updated ", "deleted ", "failed  "].iter().any(|w| line.starts_with(w))
    };
    let mut at = 0;
    while at < lines.len() {
        let end = at + lines[at..].iter().take_while(|line| over(line)).count();
        lines[at..end].sort();
        at = end + 1;
    }
    lines.join("\n") + "\n"
}

fn same_line(line: &str) -> String {
    // When `status` says that it changed.
    if let Some((begin, _)) = line.split_once(", changed ") {
        return format!("{begin}, changed 2026-01-01 10:15 UTC");
    }
    // And when it was looked at.
    if let Some((begin, rest)) = line.split_once(" when last looked, ") {
        let rest = rest.split_once("UTC").map_or("", |(_, rest)| rest);
        return format!("{begin} when last looked, 2026-01-01 10:15 UTC{rest}");
    }
    let words = line.split_inclusive([' ', ',']).map(|word| {
        // What is around it stays.
        let inner = word.trim_matches(|c: char| "(),:;`[]\" ".contains(c));
        let at = word.find(inner).unwrap_or_default();
        format!("{}{}{}", &word[..at], same(inner), &word[at + inner.len()..])
    });
    words.collect()
}

fn same(word: &str) -> String {
    if let Some(port) = word.strip_prefix("http://127.0.0.1:") {
        // Nobody listens on the first one, which is always the same.
        let rest = port.trim_start_matches(|c: char| c.is_ascii_digit());
        let port = if port.starts_with("1") && port.len() == rest.len() + 1 { "1" } else { "5000" };
        return format!("http://127.0.0.1:{port}{rest}");
    }
    // The id of an API is its host's name.
    if let Some((_, rest)) = word.split_once(".execute-api.") {
        return format!("https://a1b2c3d4e5.execute-api.{rest}");
    }
    // A secret's name has six characters of AWS's behind it.
    if let Some((begin, name)) = word.split_once(":secret:") {
        let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
        return format!("{begin}:secret:{name}-a1b2c3");
    }
    // An ARN ends in a name or an id.
    match word.rsplit_once(['/', ':']) {
        Some((begin, id)) => format!("{begin}{}{}", &word[begin.len()..][..1], same_id(id)),
        None => same_id(word),
    }
}

fn same_id(word: &str) -> String {
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    // A UUID, as AWS's documentation has it.
    if lengths == [8, 4, 4, 4, 12] && word.split('-').all(is_hex) {
        return "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned();
    }
    if word.len() == 16 && is_hex(word) {
        return "0123456789abcdef".to_owned();
    }
    if let Some((sort, id)) = word.rsplit_once('-')
        && id.len() == 17
        && is_hex(id)
    {
        return format!("{sort}-0123456789abcdef0");
    }
    let numbers: Vec<&str> = word.split('.').collect();
    match numbers.iter().all(|one| one.parse::<u16>().is_ok()) {
        // A time in seconds.
        true if numbers.len() == 2 && numbers[1].len() == 1 => "0.1".to_owned(),
        // An address of the internet.
        true if numbers.len() == 4 && word != "127.0.0.1" => "203.0.113.10".to_owned(),
        _ => word.to_owned(),
    }
}
