//! Eventual consistency: what was just made is not there yet for those who ask for it. The
//! request is made to name something else, so that the emulator itself words the answer.

use std::collections::{BTreeMap, BTreeSet};

use super::wire::Request;

/// What is hidden, and from how many more requests.
#[derive(Debug, Default)]
pub(super) struct Lag {
    reads: u32,
    writes: u32,
    seen: BTreeSet<String>,
    hidden: BTreeMap<String, (u32, u32)>,
}

impl Lag {
    pub(super) fn new(reads: u32, writes: u32) -> Self {
        Self { reads, writes, ..Self::default() }
    }

    /// Makes the request name something that does not exist where what it names is hidden.
    pub(super) fn hide(&mut self, request: &mut Request) {
        if self.hidden.is_empty() || request.is_creation() && self.writes == 0 {
            return;
        }
        let text = format!("{} {}", request.target(), String::from_utf8_lossy(&request.body));
        let changing = request.is_changing();
        for (token, (reads, writes)) in &mut self.hidden {
            let left = if changing { writes } else { reads };
            // Only ids are refused to those that write: the rest is named before it is there.
            let concerned = !changing || is_id(token);
            if *left > 0 && concerned && text.contains(token.as_str()) {
                *left -= 1;
                request.rewrite(token, &another(token));
            }
        }
    }

    /// Takes up what a creation made.
    pub(super) fn learn(&mut self, request: &Request, answer: &[u8]) {
        if self.reads == 0 && self.writes == 0 || !request.is_creation() {
            return;
        }
        let asked = format!("{} {}", request.target(), String::from_utf8_lossy(&request.body));
        let answered = String::from_utf8_lossy(answer);
        let failed = !answered.starts_with("HTTP/1.1 2") && !answered.starts_with("HTTP/1.0 2");
        if failed {
            return;
        }
        let ids = words(&answered).filter(|word| is_id(word));
        let mut found: BTreeSet<String> = ids.map(str::to_owned).collect();
        found.extend(addresses(&asked));
        found.extend(names(&asked, request));
        for token in found {
            if self.seen.insert(token.clone()) {
                self.hidden.insert(token, (self.reads, self.writes));
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| !word.is_empty())
}

/// EC2's ids, and the UUIDs of keys.
fn is_id(word: &str) -> bool {
    const KINDS: [&str; 11] =
        ["vpc", "subnet", "rtb", "igw", "eipalloc", "nat", "sg", "fl", "vpce", "rtbassoc", "acl"];
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let uuid = word.len() == 36 && hex(word) && word.matches('-').count() == 4;
    let ec2 = word.rsplit_once('-').is_some_and(|(kind, id)| {
        KINDS.contains(&kind) && id.len() >= 8 && hex(id) && !id.contains('-')
    });
    uuid || ec2
}

/// The addresses in the ownership tags, as they are written there.
fn addresses(text: &str) -> BTreeSet<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".:_%-".contains(c);
    text.split(|c: char| !fits(c))
        .filter(|word| {
            let parts = word.split_once("%3A").or_else(|| word.split_once(':'));
            parts.is_some_and(|(kind, name)| {
                kind.contains('.')
                    && kind
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c))
                    && !name.is_empty()
                    && !name.contains(':')
                    && !name.contains("%3A")
            })
        })
        .map(str::to_owned)
        .collect()
}

/// The name that the creation gives.
fn names(text: &str, request: &Request) -> Option<String> {
    const KEYS: [&str; 6] =
        ["TableName", "logGroupName", "AliasName", "FunctionName", "RoleName", "Name"];
    let body = &request.body;
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let from_json = json
        .and_then(|json| KEYS.iter().find_map(|key| json.get(key)?.as_str().map(str::to_owned)));
    let form = || {
        let mut pairs = text.split(['&', ' ']).filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| KEYS.contains(key)).map(|(_, value)| value.to_owned())
    };
    let path = || {
        let bucket = request.target().trim_matches('/');
        (request.method() == "PUT" && !bucket.contains('/')).then(|| bucket.to_owned())
    };
    from_json.or_else(form).or_else(path)
}

/// As long, and nothing's.
fn another(token: &str) -> String {
    let (kept, last) = token.split_at(token.len() - 1);
    let last = if is_id(token) {
        if last == "0" { "1" } else { "0" }
    } else if last == "x" {
        "y"
    } else {
        "x"
    };
    format!("{kept}{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_thing_is_known() {
        assert!(is_id("vpc-0123456789abcdef0") && is_id("eipalloc-12345678"));
        assert!(is_id("0f8fad5b-d9cb-469f-a165-70867728950e"));
        assert!(!is_id("payment-vpc-dev") && !is_id("us-east-1"));
        let text = "Tag.1.Key=payctl%3Aid&Tag.1.Value=ec2.vpc%3Amain&Name=x";
        assert_eq!(addresses(text).into_iter().collect::<Vec<_>>(), ["ec2.vpc%3Amain"]);
        assert_eq!(another("vpc-00000000"), "vpc-00000001");
    }
}
