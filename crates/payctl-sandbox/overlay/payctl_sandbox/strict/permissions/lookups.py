"""What the account holds: the ends of ARNs that names do not tell, keys, and resources' policies."""

from moto.autoscaling.models import autoscaling_backends
from moto.awslambda.utils import get_backend as lambda_backend
from moto.config.models import config_backends
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends


def iam(place):
    """IAM's backend of the account."""
    return iam_backends[place.account][place.partition]


def role(place, arn):
    """The role of this ARN, or None."""
    return next((each for each in iam(place).roles.values() if each.arn == arn), None)


def with_path(kind, attribute):
    """A finder of ARNs with the path that the thing was made with."""

    def find(value, parameters, place, action):
        if value.startswith("arn:"):
            return value
        there = getattr(iam(place), attribute)
        for each in there.values() if isinstance(there, dict) else there:
            if each.name == value:
                return each.arn
        path = parameters.get("Path") or "/"
        return place.arn("iam", f"{kind}{path}{value}", region="")

    return find


def find_key(place, identifier):
    """The key behind an id, ARN or alias; None if there is none."""
    backend = kms_backends[place.account][place.region]
    try:
        if "alias/" in identifier:
            name = backend.get_alias_name(identifier)
            return next((each for each in backend.keys.values() if name in each.aliases), None)
        return backend.keys.get(backend.any_id_to_key_id(identifier))
    except JsonRESTError:
        return None


def key(value, parameters, place, action):
    """The ARN of a key, which is asked for also where an alias is named."""
    found = find_key(place, value) if value != "*" else None
    if found:
        return found.arn
    if value.startswith("arn:"):
        return value
    return place.arn("kms", f"key/{'*' if value.startswith('alias/') else value}")


def keys_of_alias(parameters, place, found):
    """An alias is changed on the keys that it leads to, the old one and the new one."""
    name = parameters.get("AliasName", "")
    old = find_key(place, name) if name else None
    return [("key", old.arn)] if old and ("key", old.arn) not in found else []


def route_table(place, association):
    """The id of the route table that an association is of, or None."""
    tables = ec2_backends[place.account][place.region].route_tables.values()
    return next((each.id for each in tables if association in each.all_associations_ids), None)


def secret(value, parameters, place, action):
    """The whole ARN of a secret, with what AWS appends to its name."""
    there = secretsmanager_backends[place.account][place.region].secrets.get(value)
    if there is not None:
        return there.arn
    if value.startswith("arn:"):
        return value
    # A secret to be made has no appendix yet: AWS's denials show the name alone.
    return place.arn("secretsmanager", f"secret:{value}")


def auto_scaling_group(value, parameters, place, action):
    """A group's ARN, with an id where the group is there."""
    groups = autoscaling_backends[place.account][place.region].autoscaling_groups
    there = groups.get(value)
    arn = getattr(there, "arn", None)
    end = f"autoScalingGroupName/{value}"
    return arn or place.arn("autoscaling", f"autoScalingGroup:*:{end}")


def config_rule(value, parameters, place, action):
    """A rule's ARN, whose end is no name."""
    there = config_backends[place.account][place.region].config_rules.get(value)
    return there.config_rule_arn if there else place.arn("config", "config-rule/*")


def policy_of(place, arn, action=""):
    """The resource's own policy; None where it has none."""
    if action == "sts:AssumeRole":
        return _trust(place, arn)
    service = arn.split(":")[2] if arn.count(":") >= 5 else None
    finder = POLICIES.get(service)
    return finder(place, arn) if finder else None


def _bucket(place, arn):
    name = arn.split(":::", 1)[-1].split("/", 1)[0]
    bucket = s3_backends[place.account][place.partition].buckets.get(name)
    return bucket.policy if bucket is not None else None


def _queue(place, arn):
    _, _, _, region, account, name = arn.split(":", 5)
    queue = sqs_backends[account][region].queues.get(name) if account and region else None
    return getattr(queue, "policy", None) or None


def _topic(place, arn):
    topic = sns_backends[place.account][place.region].topics.get(arn)
    return topic.policy if topic is not None else None


def _secret(place, arn):
    there = secretsmanager_backends[place.account][place.region].secrets.get(arn)
    return getattr(there, "policy", None)


def _function(place, arn):
    try:
        function = lambda_backend(place.account, place.region).get_function(arn)
    except JsonRESTError:
        return None
    return {"Version": "2012-10-17", "Statement": function.policy.statements}


def _key(place, arn):
    found = find_key(place, arn)
    return found.policy if found else None


def _table(place, arn):
    name = arn.split("table/", 1)[-1].split("/")[0]
    table = dynamodb_backends[place.account][place.region].tables.get(name)
    return getattr(table, "resource_policy", None)


def _trust(place, arn):
    found = role(place, arn)
    return found.assume_role_policy_document if found else None


POLICIES = {
    "s3": _bucket,
    "sqs": _queue,
    "sns": _topic,
    "secretsmanager": _secret,
    "lambda": _function,
    "kms": _key,
    "dynamodb": _table,
}
