"""Where moto is laxer than AWS, faster, or answers less: one module per concern.

Importing a module installs it. What takes AWS time is scheduled with `clock.later`, which does
it at once when the sandbox runs without a time scale. Durations are typical ones, as public
reports of deployment tools have them; where a module names no source, they are assumed.
"""

import importlib

MODULES = (
    "apis",
    "apis_gone",
    # A cluster is made with its database: only then does its time to get ready begin.
    "databases",
    "aurora",
    "certificates",
    "certificates_again",
    "cluster_parameters",
    "dashboards",
    "config_rules",
    "ec2",
    "ec2_deletes",
    "endpoints",
    "engine_versions",
    "event_source_mappings",
    "event_subscriptions",
    "filters",
    "first_use",
    "flow_logs",
    "functions",
    "function_checks",
    "function_states",
    "function_grants",
    # Outside of what other modules make of the same methods.
    "gone",
    "guardduty",
    "http_apis",
    "iam",
    "iam_tags",
    "identities",
    "instances",
    "kms",
    "load_balancers",
    "log_groups",
    "metric_filters",
    "networks",
    "queue_attributes",
    "queues",
    "quotas",
    "s3",
    "s3_keys",
    "s3_lifecycles",
    "s3_locks",
    "s3_notifications",
    "s3_own_key",
    "scaling",
    "secret_deletions",
    "secret_rotations",
    "service_log_groups",
    "service_quotas",
    "services_using_keys",
    "simulations",
    "subnet_groups",
    "tables",
    "table_backups",
    "table_encryption",
    "table_indexes",
    "table_keys",
    "table_tags",
    "table_ttl",
    "table_updates",
    "target_health",
    "topics",
    "trails",
    "vpc_links",
    "waf",
)


def install():
    """Closes every gap."""
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}")
