//! `payctl.toml`, read from the working folder or where `--config` says.

use std::path::{Path, PathBuf};

use payctl_stack::Systems;
use payctl_stack::config::Config;

use crate::error::CliError;
use crate::report;

/// Reads the configuration; the defaults where there is none.
pub(crate) fn read(named: Option<&Path>, systems: Systems) -> Result<Config, CliError> {
    let path = path(named);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if named.is_none() && source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(source) => {
            let message = format!("failed to read the configuration {}", path.display());
            return Err(CliError::failed(message).because(&source));
        }
    };
    let failed = || CliError::failed(format!("invalid configuration in {}", path.display()));
    let config: Config = toml::from_str(&text).map_err(|source| {
        let mut error = failed().because(&source);
        for cause in &mut error.causes {
            for (type_of_rust, words) in WORDS {
                *cause = cause.replace(type_of_rust, words);
            }
        }
        match belongs(source.message(), systems).or_else(|| nearest(source.message())) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    config.check().map_err(|source| failed().because(&source))?;
    Ok(config)
}

/// Where it is.
pub(crate) fn path(named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| PathBuf::from("payctl.toml"), Path::to_owned)
}

/// What the reader of the file expects, in words that are not Rust's.
const WORDS: &[(&str, &str)] = &[
    ("expected u8", "expected a whole number"),
    ("expected u16", "expected a whole number"),
    ("expected u32", "expected a whole number"),
    ("expected f64", "expected a number"),
];

/// For a key that stands outside its section: where it belongs.
fn belongs(message: &str, systems: Systems) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let (key, mut known) = (quoted.next()?, quoted);
    // Elsewhere than at the top it is unknown, and nothing else.
    known.find(|name| *name == systems.first().name)?;
    let all = serde_json::to_value(Config::default()).ok()?;
    let has = |name: &&str| all[*name].get(key).is_some();
    let sections = systems.listed().map(|system| system.name).filter(has);
    let sections: Vec<String> = sections.map(|name| format!("[{name}]")).collect();
    (!sections.is_empty()).then(|| format!("`{key}` belongs under {}", sections.join(" or ")))
}

/// For an unknown key or value, the known one that is nearest to it.
fn nearest(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ").then(|| quoted.next())??;
    let known: Vec<&str> = quoted.collect();
    Some(match report::nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_and_the_tags_of_others_are_taken() {
        for boundary in ["arn:aws-us-gov:iam::123456789012:policy/a/b", "arn:aws:iam::aws:policy/a"]
        {
            let text = format!(
                "permissions_boundary = \"{boundary}\"\n\
                 ignore_attachments = [\"alias\"]\n[ignore_tags]\nkeys = [\"CostCenter\"]\n\
                 key_prefixes = [\"org:\"]\n"
            );
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("payctl.toml");
            std::fs::write(&path, text).unwrap();
            let config = read(Some(&path), payctl_stack::ALL).unwrap();
            assert_eq!(config.permissions_boundary, Some(boundary.into()));
            assert!(config.ignore_tags.has("CostCenter") && config.ignore_tags.has("org:unit"));
        }
    }

    fn error(text: &str) -> CliError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("payctl.toml");
        std::fs::write(&path, text).unwrap();
        read(Some(&path), payctl_stack::ALL).unwrap_err()
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let error = error("[pci-core]\nmemory_mib = 512\n");
        assert_eq!(error.hints, ["did you mean `memory_mb`?"]);
        assert!(error.causes[0].contains("line 2"), "{:?}", error.causes);
    }

    #[test]
    fn a_key_outside_its_section_is_told_where_it_belongs() {
        let hints = error("rotation_days = 30\n").hints;
        assert_eq!(hints, ["`rotation_days` belongs under [migration]"]);
        let hints = error("[tags]\n[pci-core]\nrotation_days = 30\n").hints;
        assert!(!hints[0].contains("belongs"), "{hints:?}");
        let causes = error("[pci-core]\nmemory_mb = \"much\"\n").causes;
        assert!(causes[0].contains("expected a whole number"), "{causes:?}");
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for (text, why) in [
            ("region = \"mars\"", "region must be written like us-east-1"),
            ("[pci-core]\nlog_retention_days = 31", "pci-core.log_retention_days must be"),
            ("[pci-core]\nnetwork = \"10.0.0.0/8\"", "a network of /16 to /28"),
            ("ttl = \"3\"", "ttl must be a time: a life is written like 72h or 14d"),
            ("[tags]\n\"payctl:id\" = \"x\"", "reserved"),
            ("[tags]\nName = \"x\"", "a name of its own"),
            ("[pci-core]\nkey_deletion_window_days = 3", "7 to 30"),
            ("permissions_boundary = \"boundary\"", "the ARN of a managed policy"),
            ("permissions_boundary = \"arn:aws:iam::123456789012:role/x\"", "a managed policy"),
            ("permissions_boundary = \"arn:aws:iam::1234:policy/x\"", "a managed policy"),
            ("ignore_attachments = [\"filter\"]", "must be made of these: CORS, alias,"),
            ("[ignore_tags]\nkeys = [\"Name\"]", "ignore_tags.keys must be made of names"),
            ("[ignore_tags]\nkeys = [\"payctl:id\"]", "names that payctl does not set"),
            ("[ignore_tags]\nkey_prefixes = [\"pay\"]", "beginnings that no tag of payctl's has"),
            ("[ignore_tags]\nkey_prefixes = [\"\"]", "beginnings that no tag of payctl's has"),
            ("[ignore_tags]\nkeys = [\"a\"]\n[tags]\na = \"x\"", "payctl does not set itself"),
        ] {
            let error = error(text);
            assert!(error.causes[0].contains(why), "{text}: {:?}", error.causes);
        }
    }
}
