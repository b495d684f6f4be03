//! The overlay's Python sources, carried in this binary.

use std::path::{Path, PathBuf};

use crate::SandboxError;
use crate::error::At as _;

macro_rules! sources {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../overlay/payctl_sandbox/", $path)))),+]
    };
}

/// Every module, by its path in the package. A test compares this with the folder.
const SOURCES: &[(&str, &str)] = sources![
    "__init__.py",
    "__main__.py",
    "account.py",
    "application.py",
    "cbor.py",
    "clock.py",
    "conditions.py",
    "contents.py",
    "control.py",
    "databases/__init__.py",
    "databases/authority.py",
    "databases/leftovers.py",
    "databases/programs.py",
    "databases/server.py",
    "databases/wire.py",
    "fast.py",
    "functions/__init__.py",
    "functions/architecture.py",
    "functions/batches.py",
    "functions/dead_letters.py",
    "functions/definition.py",
    "functions/invocation.py",
    "functions/outbox.py",
    "functions/permissions.py",
    "functions/pool.py",
    "functions/queues.py",
    "functions/records.py",
    "functions/runtime_api.py",
    "functions/worker.py",
    "gaps/__init__.py",
    "gaps/apis.py",
    "gaps/apis_gone.py",
    "gaps/aurora.py",
    "gaps/certificates.py",
    "gaps/certificates_again.py",
    "gaps/cluster_parameters.py",
    "gaps/config_rules.py",
    "gaps/dashboards.py",
    "gaps/databases.py",
    "gaps/ec2.py",
    "gaps/ec2_deletes.py",
    "gaps/endpoints.py",
    "gaps/engine_versions.py",
    "gaps/event_source_mappings.py",
    "gaps/event_subscriptions.py",
    "gaps/filters.py",
    "gaps/first_use.py",
    "gaps/flow_logs.py",
    "gaps/function_checks.py",
    "gaps/function_grants.py",
    "gaps/function_states.py",
    "gaps/functions.py",
    "gaps/gone.py",
    "gaps/guardduty.py",
    "gaps/http_apis.py",
    "gaps/iam.py",
    "gaps/iam_tags.py",
    "gaps/identities.py",
    "gaps/instances.py",
    "gaps/kms.py",
    "gaps/load_balancers.py",
    "gaps/log_groups.py",
    "gaps/metric_filters.py",
    "gaps/networks.py",
    "gaps/queue_attributes.py",
    "gaps/queues.py",
    "gaps/quotas.py",
    "gaps/s3.py",
    "gaps/s3_keys.py",
    "gaps/s3_lifecycles.py",
    "gaps/s3_locks.py",
    "gaps/s3_notifications.py",
    "gaps/s3_own_key.py",
    "gaps/scaling.py",
    "gaps/secret_deletions.py",
    "gaps/secret_rotations.py",
    "gaps/service_log_groups.py",
    "gaps/service_quotas.py",
    "gaps/services_using_keys.py",
    "gaps/simulations.py",
    "gaps/subnet_groups.py",
    "gaps/table_backups.py",
    "gaps/table_encryption.py",
    "gaps/table_indexes.py",
    "gaps/table_keys.py",
    "gaps/table_tags.py",
    "gaps/table_ttl.py",
    "gaps/table_updates.py",
    "gaps/tables.py",
    "gaps/target_health.py",
    "gaps/topics.py",
    "gaps/trails.py",
    "gaps/vpc_links.py",
    "gaps/waf.py",
    "http_api.py",
    "lax.py",
    "link.py",
    "lock.py",
    "paging.py",
    "partitions.py",
    "patching.py",
    "pickling.py",
    "plain.py",
    "policy.py",
    "rates.py",
    "regions.py",
    "requests.py",
    "rest.py",
    "s3_roots.py",
    "server.py",
    "strict/__init__.py",
    "strict/call.py",
    "strict/documents.py",
    "strict/exceptions.py",
    "strict/permissions/__init__.py",
    "strict/permissions/actions.py",
    "strict/permissions/arns.py",
    "strict/permissions/caller.py",
    "strict/permissions/context.py",
    "strict/permissions/delegation.py",
    "strict/permissions/documents.py",
    "strict/permissions/endpoints.py",
    "strict/permissions/evaluate.py",
    "strict/permissions/grants.py",
    "strict/permissions/keys.py",
    "strict/permissions/lookups.py",
    "strict/permissions/needs.py",
    "strict/permissions/reference.py",
    "strict/permissions/resources.py",
    "strict/permissions/tags.py",
    "strict/permissions/words.py",
    "strict/refusal.py",
    "strict/rules/__init__.py",
    "strict/rules/account.py",
    "strict/rules/data.py",
    "strict/rules/ec2.py",
    "strict/rules/elbv2.py",
    "strict/rules/monitoring.py",
    "strict/rules/rds.py",
    "strict/rules/rule.py",
    "strict/rules/security.py",
    "strict/rules/serverless.py",
    "strict/rules/tags.py",
    "strict/shapes.py",
    "strict/wording.py",
    "tokens.py",
    "trust.py",
];

/// Writes the package below `home`, if it is not there yet, and answers the folder to put on
/// Python's path. The caller holds the start lock.
pub(crate) fn write(home: &Path) -> Result<PathBuf, SandboxError> {
    let parts: Vec<&str> = SOURCES.iter().flat_map(|(path, text)| [*path, *text]).collect();
    let folder = home.join(format!("overlay-{}", short_digest(&parts)));
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(folder);
    }
    for (path, text) in SOURCES {
        let path = folder.join("payctl_sandbox").join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).at("create", parent)?;
        }
        std::fs::write(&path, text).at("write", &path)?;
    }
    std::fs::write(&complete, "").at("write", &complete)?;
    Ok(folder)
}

/// Names a folder after what is in it.
pub(crate) fn short_digest(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..12].to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn modules(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && name != "__pycache__" {
                modules(&path, &format!("{prefix}{name}/"), found);
            } else if name.ends_with(".py") {
                found.insert(format!("{prefix}{name}"));
            }
        }
    }

    #[test]
    fn every_module_is_carried() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("overlay/payctl_sandbox");
        let mut found = BTreeSet::new();
        modules(&folder, "", &mut found);
        let carried: BTreeSet<String> =
            SOURCES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(carried, found);
    }

    #[test]
    fn writing_twice_writes_once() {
        let home = tempfile::tempdir().unwrap();
        let folder = write(home.path()).unwrap();
        assert!(folder.join("payctl_sandbox/__main__.py").exists());
        assert_eq!(write(home.path()).unwrap(), folder);
    }
}
