"""ARNs whose end a name alone does not tell: by (prefix, resource type)."""

from urllib.parse import unquote

from . import lookups

# Load balancers: the reference's actions name the classic ones; these are the ARNs of the others
# (Elastic Load Balancing user guide, "Policy resources for Elastic Load Balancing").
BALANCERS = {"application": "app", "network": "net", "gateway": "gwy"}


def _balancer(value, parameters, place, action):
    if value.startswith("arn:") or value == "*":
        return value if value != "*" else place.arn("elasticloadbalancing", "loadbalancer/*")
    kind = BALANCERS[parameters.get("Type", "application")]
    return place.arn("elasticloadbalancing", f"loadbalancer/{kind}/{value}/*")


def made_for_balancing(call, place):
    """What a call of Elastic Load Balancing's makes, for the tags on it."""
    parameters = call.parameters
    if call.operation == "CreateLoadBalancer":
        return _balancer(parameters.get("Name", "*"), parameters, place, call.operation)
    if call.operation == "CreateTargetGroup":
        return place.arn("elasticloadbalancing", f"targetgroup/{parameters.get('Name')}/*")
    if call.operation == "CreateListener":
        arn = parameters.get("LoadBalancerArn", "")
        return arn.replace(":loadbalancer/", ":listener/") + "/*"
    if call.operation == "CreateRule":
        return parameters.get("ListenerArn", "").replace(":listener/", ":listener-rule/") + "/*"
    return "*"


def _object(value, parameters, place, action):
    return f"arn:{place.partition}:s3:::{parameters.get('Bucket', '*')}/{value}"


def _function(value, parameters, place, action):
    """A function by name, by the end of its ARN, or by all of it; with a qualifier or not."""
    if not value.startswith("arn:"):
        name = value.split(":function:")[-1] if ":function:" in value else value
        value = place.arn("lambda", f"function:{name}")
    qualifier = parameters.get("Qualifier")
    return f"{value}:{qualifier}" if qualifier and value.count(":") == 6 else value


def _index(value, parameters, place, action):
    table = parameters.get("TableName", "*")
    table = table if table.startswith("arn:") else place.arn("dynamodb", f"table/{table}")
    return f"{table}/index/{value}"


# Tags are on the group itself; all else is asked for on its streams, of none where none is named
# (botocore's model of CloudWatch Logs, LogGroup.arn and logGroupArn; babyhuey/spf53 v0.1.5 read the
# empty stream in CloudTrail).
OF_GROUP = ("TagResource", "UntagResource", "ListTagsForResource")


def _log_group(value, parameters, place, action):
    arn = value if value.startswith("arn:") else place.arn("logs", f"log-group:{value}")
    arn = arn.removesuffix(":*")
    return arn if action in OF_GROUP else f"{arn}:log-stream:"


def _log_stream(value, parameters, place, action):
    group = parameters.get("logGroupName", "*")
    name = "" if action == "CreateLogStream" else value
    return place.arn("logs", f"log-group:{group}:log-stream:{name}")


def _alias(value, parameters, place, action):
    return place.arn("kms", value) if not value.startswith("arn:") else value


def _queue(value, parameters, place, action):
    return place.arn("sqs", unquote(value.rstrip("/").rsplit("/", 1)[-1]))


def _topic(value, parameters, place, action):
    if not value.startswith("arn:"):
        return place.arn("sns", value)
    # A subscription's ARN is its topic's and an id.
    return ":".join(value.split(":")[:6])


def _parameter(value, parameters, place, action):
    if value.startswith("arn:"):
        return value
    return place.arn("ssm", f"parameter/{value.removeprefix('/').split(':')[0]}")


def _scoped(value, parameters, place, action):
    if value.startswith("arn:"):
        return value
    scope = parameters.get("Scope", "REGIONAL").lower()
    return place.arn("wafv2", f"{scope}/webacl/{value}/{parameters.get('Id', '*')}")


SPECIAL = {
    ("s3", "object"): _object,
    ("lambda", "function"): _function,
    ("dynamodb", "index"): _index,
    ("logs", "log-group"): _log_group,
    ("logs", "log-stream"): _log_stream,
    ("sqs", "queue"): _queue,
    ("sns", "topic"): _topic,
    ("ssm", "parameter"): _parameter,
    ("wafv2", "webacl"): _scoped,
    ("autoscaling", "autoScalingGroup"): lookups.auto_scaling_group,
    ("elasticloadbalancing", "loadbalancer"): _balancer,
    ("config", "ConfigRule"): lookups.config_rule,
    ("iam", "role"): lookups.with_path("role", "roles"),
    ("iam", "policy"): lookups.with_path("policy", "managed_policies"),
    ("iam", "instance-profile"): lookups.with_path("instance-profile", "instance_profiles"),
    ("iam", "user"): lookups.with_path("user", "users"),
    ("kms", "alias"): _alias,
    ("kms", "key"): lookups.key,
    ("secretsmanager", "Secret"): lookups.secret,
}
