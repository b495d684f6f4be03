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
    "cluster_parameters",
    "dashboards",
    "config_rules",
    "ec2",
    "ec2_deletes",
    "endpoints",
    "engine_versions",
    "event_source_mappings",
    "filters",
    "flow_logs",
    "functions",
    "function_checks",
    "function_states",
    # Outside of what other modules make of the same methods.
    "gone",
    "guardduty",
    "http_apis",
    "iam",
    "identities",
    "instances",
    "kms",
    "load_balancers",
    "log_groups",
    "queue_attributes",
    "queues",
    "s3",
    "s3_notifications",
    "scaling",
    "secret_deletions",
    "secret_rotations",
    "services_using_keys",
    "subnet_groups",
    "tables",
    "target_health",
    "topics",
    "vpc_links",
    "waf",
)


def install():
    """Closes every gap."""
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}")
