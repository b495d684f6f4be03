"""IAM, KMS, Secrets Manager and Systems Manager: documents' sizes and reserved names."""

import json

import regex

from .rule import Rule, unlike

# IAM's page of quotas (reference_iam-quotas.html), as others repeat it.
QUOTAS = {
    "ACLSizePerRole": "cloudposse's aws-teams (Known Problems): 2048; IAM raises it on request",
    "PolicySize": "repost.aws knowledge-center/iam-increase-policy-size: 6144",
    "inline": "vincentclee/aws-iam-policy-generator: 10240 in a role, white space not counted",
}


def _size(document):
    """A policy's characters as IAM counts them: without white space."""
    return len(regex.sub(r"\s", "", document))


def _no_policy(document):
    try:
        return not isinstance(json.loads(document), dict)
    except ValueError:
        return True


def _bigger(most):
    return lambda document: _size(document) > most


def _twice(tags):
    keys = [tag["Key"].lower() for tag in tags]
    return len(set(keys)) < len(keys)


def _limit(operations, member, name, most):
    return Rule(
        operations,
        member,
        f"IAM's {name} is {most} characters, white space not counted",
        _bigger(most),
        "LimitExceeded",
        f"Cannot exceed quota for {name}: {most}",
        source=QUOTAS[name],
    )


IAM = [
    Rule(
        "CreateRole CreatePolicy CreateInstanceProfile CreateUser TagRole TagPolicy "
        "TagInstanceProfile TagUser",
        "Tags",
        "IAM's tag keys are the same whatever their case",
        _twice,
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        source="docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html",
    ),
    *[
        Rule(
            operations,
            member,
            "policies are JSON objects",
            _no_policy,
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
            documented=("JSON",),
        )
        for operations, member in (
            ("CreateRole", "AssumeRolePolicyDocument"),
            ("PutRolePolicy UpdateAssumeRolePolicy", "PolicyDocument"),
            ("CreatePolicy CreatePolicyVersion", "PolicyDocument"),
        )
    ],
    _limit("CreateRole", "AssumeRolePolicyDocument", "ACLSizePerRole", 2048),
    _limit("UpdateAssumeRolePolicy", "PolicyDocument", "ACLSizePerRole", 2048),
    _limit("CreatePolicy CreatePolicyVersion", "PolicyDocument", "PolicySize", 6144),
    Rule(
        "PutRolePolicy",
        "PolicyDocument",
        "a role's inline policies have 10240 characters, white space not counted",
        _bigger(10240),
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role",
        source=QUOTAS["inline"],
    ),
]

KMS = [
    *[
        Rule(
            operation,
            "Policy",
            "a key's policy is a JSON object",
            _no_policy,
            "MalformedPolicyDocumentException",
            "The new key policy is not valid JSON.",
            source="the model declares MalformedPolicyDocumentException for it",
        )
        for operation in ("CreateKey", "PutKeyPolicy")
    ],
    Rule(
        "CreateAlias UpdateAlias DeleteAlias",
        "AliasName",
        "an alias begins with alias/",
        unlike(r"alias/[a-zA-Z0-9/_-]+"),
        "ValidationException",
        "Invalid alias name: {value}. Aliases begin with alias/.",
        documented=("alias/",),
    ),
    Rule(
        "CreateAlias",
        "AliasName",
        "aliases that begin with alias/aws/ are AWS's",
        lambda value: value.startswith("alias/aws/"),
        "NotAuthorizedException",
        "The alias name {value} is reserved for AWS managed keys",
        documented=("alias/aws/",),
    ),
]

SECRETS = [
    Rule(
        "CreateSecret",
        "Name",
        "a secret's name has ASCII letters, digits and /_+=.@-",
        unlike(r"[A-Za-z0-9/_+=.@!-]+"),
        "ValidationException",
        # The words: hashicorp/terraform-provider-aws#39406 (2024-09-19), which has `!` as well.
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
        "following: -/_+=.@!",
        documented=("/_+=.@-",),
    ),
]

PARAMETERS = [
    Rule(
        "PutParameter",
        "Name",
        "a parameter's name does not begin with aws or ssm",
        lambda value: value.lstrip("/").lower().startswith(("aws", "ssm")),
        "ValidationException",
        # The words: aws-amplify/amplify-backend#2352 (2024-12-18), DefangLabs/defang#348.
        'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as '
        "a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed "
        "as a mix of letters, numbers and the following 3 symbols .-_",
        documented=("aws", "ssm"),
    ),
    Rule(
        "PutParameter",
        "Name",
        "a parameter's name has letters, digits and .-_ between slashes, 15 levels at most",
        lambda value: (
            unlike(r"/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*")(value) or value.count("/") > 15
        ),
        "ValidationException",
        "Parameter name: can only include a mix of letters, numbers and the following 3 symbols "
        ".-_ between slashes, and 15 levels at most",
        documented=("fifteen levels",),
    ),
    Rule(
        "PutParameter",
        "",
        "a standard parameter's value has up to 4 KB",
        lambda request: (
            request.get("Tier", "Standard") == "Standard" and len(request["Value"].encode()) > 4096
        ),
        "ValidationException",
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create "
        "a larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
        source="API reference (botocore 1.44.5), PutParameter.Value",
    ),
]
