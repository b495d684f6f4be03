"""Tags of requests and of resources, and other things that conditions ask of what there is."""

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from . import lookups
from .needs import at


def named(tags, name):
    """A tag's value; the key is compared without regard to case (IAM user guide, "Controlling
    access to AWS resources using tags"): the context has it in lower case."""
    return next((value for key, value in tags.items() if key.lower() == name.lower()), None)


def of_request(call, kind=""):
    """The tags that a request brings along."""
    parameters = call.parameters
    if call.service == "ec2" and "TagSpecifications" in parameters:
        specifications = at(parameters, "TagSpecifications")
        chosen = [
            each for each in specifications if not kind or each.get("ResourceType") in ("", kind)
        ]
        return _flat(at({"of": chosen}, "of.Tags"))
    for name in ("Tags", "tags", "TagsList", "TagList", "TagSet", "TagKeys", "tagKeys"):
        if name in parameters:
            return _flat(parameters[name])
    return _flat(at(parameters, "Tagging.TagSet"))


def _flat(tags):
    """Tags as a dictionary, however a service writes them."""
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    flat = {}
    for tag in tags:
        if isinstance(tag, dict):
            key = next((tag[each] for each in ("Key", "key", "TagKey") if each in tag), None)
            value = next((tag[each] for each in ("Value", "value", "TagValue") if each in tag), "")
            flat[str(key)] = str(value)
        else:
            # The keys of tags that are to go.
            flat[str(tag)] = ""
    return flat


def of_resource(arn, place):
    """The tags of what there is; none of what is not."""
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    find = FINDERS.get(service, _any)
    return find(arn, place) or {}


def _ec2(arn, place):
    backend = ec2_backends[place.account][place.region]
    return dict(backend.tags.get(arn.rsplit("/", 1)[-1], {}))


def _iam(arn, place):
    backend = lookups.iam(place)
    things = [*backend.roles.values(), *backend.instance_profiles.values()]
    things += [each for each in backend.managed_policies.values() if each.arn == arn]
    found = next((each for each in things if each.arn == arn), None)
    if found is None:
        return {}
    tags = found.tags
    if isinstance(tags, dict):
        return {
            key: value["Value"] if isinstance(value, dict) else value
            for key, value in tags.items()
        }
    return _flat(tags)


def _api_gateway(arn, place):
    """The tags of an API, a stage or a VPC link. What belongs to a REST API has that API's (API
    Gateway developer guide, "Using tags to control access to API Gateway REST API resources": tag
    inheritance in the V1 API); what belongs to an HTTP API has none."""
    kind, _, rest = arn.split(":", 5)[5].lstrip("/").partition("/")
    name, _, below = rest.partition("/")
    old = apigateway_backends[place.account][place.region].apis.get(name)
    new = apigatewayv2_backends[place.account][place.region]
    if kind == "restapis" and old is not None:
        parts = below.split("/")
        stage = old.stages.get(parts[1]) if parts[0] == "stages" and len(parts) > 1 else None
        return {**(old.tags or {}), **(getattr(stage, "tags", None) or {})}
    if kind == "vpclinks":
        return {**(getattr(new.vpc_links.get(name), "tags", None) or {}), **new.get_tags(arn)}
    if kind == "apis" and below.startswith("stages/"):
        stages = new.apis[name].stages if name in new.apis else {}
        own = getattr(stages.get(below.partition("/")[2]), "tags", None) or {}
        return {**own, **new.get_tags(arn)}
    if kind == "apis" and not below:
        return new.get_tags(arn)
    return {}


def _s3(arn, place):
    backend = s3_backends[place.account][place.partition]
    return backend.tagger.get_tag_dict_for_resource(arn)


def _any(arn, place):
    """Everything else by the tagging API, which goes through all there is."""
    backend = resourcegroupstaggingapi_backends[place.account][place.region]
    wanted = arn.removesuffix(":log-stream:")
    for found in backend._get_resources_generator(tag_filters=[], resource_type_filters=[]):
        if found.arn == wanted:
            return dict(found.tags)
    return {}


def _lambda(arn, place):
    """Also the tags of event source mappings, which moto's tagging API leaves out."""
    if ":event-source-mapping:" not in arn:
        return _any(arn, place)
    mappings = lambda_backends[place.account][place.region]._event_source_mappings
    found = mappings.get(arn.rsplit(":", 1)[-1])
    return dict(found.tags) if found else {}


FINDERS = {
    "apigateway": _api_gateway,
    "ec2": _ec2,
    "iam": _iam,
    "lambda": _lambda,
    "s3": _s3,
}


def of_upload(call, key, place):
    """What the upload that a part belongs to was begun with: how it is encrypted."""
    bucket = s3_backends[place.account][place.partition].buckets.get(call.parameters.get("Bucket"))
    upload = bucket.multiparts.get(call.parameters.get("UploadId")) if bucket else None
    if upload is None:
        return None
    of_key = key.endswith("aws-kms-key-id")
    return upload.kms_key_id if of_key else upload.sse_encryption


def vpc_of(arn, place):
    """The ARN of the VPC that a subnet, group, table or the like is in."""
    identifier = arn.rsplit("/", 1)[-1]
    backend = ec2_backends[place.account][place.region]
    kinds = (
        {k: v for each in backend.subnets.values() for k, v in each.items()},
        backend.route_tables,
        backend.network_acls,
        backend.vpc_end_points,
        backend.nat_gateways,
        backend.enis,
    )
    found = next((kind[identifier] for kind in kinds if identifier in kind), None)
    if found is None and identifier.startswith("sg-"):
        found = backend.get_security_group_from_id(identifier)
    vpc = getattr(found, "vpc_id", None)
    return place.arn("ec2", f"vpc/{vpc}") if vpc else None


def boundary(call, arn, place):
    """The permissions boundary that a role is to have, or has."""
    if call.operation in ("CreateRole", "CreateUser", "PutRolePermissionsBoundary"):
        return call.parameters.get("PermissionsBoundary")
    found = lookups.role(place, arn)
    return found.permissions_boundary_arn if found else None


def rotation_function(arn, place):
    """The function that a secret is rotated by."""
    there = secretsmanager_backends[place.account][place.region].secrets.get(arn)
    return getattr(there, "rotation_lambda_arn", None) or None


def leading_keys(call, place):
    """The partition keys of the items that a request names."""
    parameters = call.parameters
    try:
        table = dynamodb_backends[place.account][place.region].get_table(
            parameters.get("TableName", "")
        )
    except (JsonRESTError, KeyError):
        return None
    name = table.hash_key_attr
    items = at(parameters, "Key") + at(parameters, "Item")
    values = [value for item in items for value in item.get(name, {}).values()]
    values += [
        value
        for each in at(parameters, f"KeyConditions.{name}.AttributeValueList")
        for value in each.values()
    ]
    if expression := parameters.get("KeyConditionExpression"):
        values += _in_expression(expression, name, parameters)
    return [str(value) for value in values] or None


def _in_expression(expression, name, parameters):
    names = {name} | {
        alias
        for alias, real in parameters.get("ExpressionAttributeNames", {}).items()
        if real == name
    }
    words = expression.replace("=", " = ").replace("(", " ").replace(")", " ").split()
    found = []
    for left, sign, right in zip(words, words[1:], words[2:]):
        if left in names and sign == "=":
            value = parameters.get("ExpressionAttributeValues", {}).get(right, {})
            found += list(value.values())
    return found


def attributes(call):
    """The attributes that a request names, as far as it names them."""
    parameters = call.parameters
    names = set(at(parameters, "AttributesToGet"))
    for item in at(parameters, "Item") + at(parameters, "Key"):
        names |= set(item)
    names |= set(parameters.get("ExpressionAttributeNames", {}).values())
    return sorted(names) or None
