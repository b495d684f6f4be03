"""Which actions an operation needs: mostly the one of its name.

The exceptions are named with their source. "S3" is "Required permissions for Amazon S3 API
operations" (S3 user guide) and the table of operations in S3's page of the service authorization
reference (docs.amazonaws.cn, list_s3.html, read on 2026-11-29).
"""

from . import reference
from .needs import at

# Prefixes of IAM where they are not the name that signs.
PREFIXES = {
    "monitoring": "cloudwatch",
    "tagging": "tag",
    "apigatewayv2": "apigateway",
}

# S3: several operations need the action of another name.
S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    # "…Configuration" of these is read by one action, and written and deleted by another.
    **{
        f"{verb}Bucket{kind}Configuration{plural}": f"{action}{kind}Configuration"
        for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        for verb, action, plural in (
            ("Get", "Get", ""),
            ("List", "Get", "s"),
            ("Put", "Put", ""),
            ("Delete", "Put", ""),
        )
    },
}
# S3: with a version id the action is another one.
OF_VERSION = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
OTHERS = {
    # Lambda's API reference of Invoke: "this operation requires permission for the
    # lambda:InvokeFunction action".
    ("lambda", "Invoke"): ("InvokeFunction",),
    ("lambda", "InvokeWithResponseStream"): ("InvokeFunction",),
    # A batch is what its entries are (SQS developer guide, "Amazon SQS API permissions"; SNS API
    # reference of PublishBatch, and both services' pages of the reference have no other).
    ("sqs", "SendMessageBatch"): ("SendMessage",),
    ("sqs", "DeleteMessageBatch"): ("DeleteMessage",),
    ("sqs", "ChangeMessageVisibilityBatch"): ("ChangeMessageVisibility",),
    ("sns", "PublishBatch"): ("Publish",),
    # KMS API reference of ReEncrypt: from one key, to the other.
    ("kms", "ReEncrypt"): ("ReEncryptFrom", "ReEncryptTo"),
}
# What needs no permission (IAM: STS API reference of GetCallerIdentity; GetSessionToken asks for
# none either).
NO_ACTION = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
# A transaction is its parts (DynamoDB developer guide, "Using IAM with DynamoDB transactions").
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def prefix(call):
    """IAM's prefix of the service."""
    return PREFIXES.get(call.service, call.service)


def of(call):
    """The actions that the operation itself needs, without prefix, and the parameters of each."""
    service, operation, parameters = prefix(call), call.operation, call.parameters
    if (service, operation) in NO_ACTION:
        return []
    if service == "s3":
        return _s3(operation, parameters)
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return [
            (TRANSACTED[kind], part)
            for item in at(parameters, "TransactItems")
            for kind, part in item.items()
        ]
    if operation in ("BatchWriteItem", "BatchGetItem"):
        return [(operation, {"TableName": name}) for name in parameters.get("RequestItems", {})]
    return [(name, parameters) for name in OTHERS.get((service, operation), (operation,))]


def _s3(operation, parameters):
    name = S3.get(operation, operation)
    bucket = parameters.get("Bucket")
    # DeleteObjects, `BypassGovernanceRetention`.
    bypass = ["BypassGovernanceRetention"] * bool(parameters.get("BypassGovernanceRetention"))
    if operation == "DeleteObjects":
        return [
            (action, {"Bucket": bucket, **each})
            for each in at(parameters, "Delete.Objects")
            for action in (
                "DeleteObjectVersion" if each.get("VersionId") else "DeleteObject",
                *bypass,
            )
        ]
    if operation in ("CopyObject", "UploadPartCopy"):
        source, _, version = parameters.get("CopySource", "").lstrip("/").partition("?versionId=")
        from_bucket, _, key = source.partition("/")
        read = {"Bucket": from_bucket, "Key": key}
        if version:
            read["VersionId"] = version
        get = "GetObjectVersion" if version else "GetObject"
        return [(get, read), ("PutObject", parameters)]
    if parameters.get("VersionId"):
        name = OF_VERSION.get(name, name)
    needed = [(name, parameters), *((action, parameters) for action in bypass)]
    if operation in ("PutObject", "CreateMultipartUpload"):
        # Tags and an ACL that come with the object are put as well (S3, PutObject).
        needed += [("PutObjectTagging", parameters)] * bool(parameters.get("Tagging"))
        needed += [("PutObjectAcl", parameters)] * bool(parameters.get("ACL"))
    return needed


# Tags that come with what is made need the service's action for tags as well: (parameters with
# tags, action). EC2's are in TagSpecifications.
TAGGING = {
    # EC2 user guide, "Grant permission to tag Amazon EC2 resources during creation".
    "ec2": ("TagSpecifications.Tags", "CreateTags"),
    # IAM user guide, "Tagging IAM resources": each kind has its own action, see `_iam_tags`.
    "iam": ("Tags", None),
    # API references of the creating operations, each of which names it.
    "acm": ("Tags", "AddTagsToCertificate"),
    "autoscaling": ("Tags", "CreateOrUpdateTags"),
    "cloudtrail": ("TagsList", "AddTags"),
    "cloudwatch": ("Tags", "TagResource"),
    "config": ("Tags", "TagResource"),
    "dynamodb": ("Tags", "TagResource"),
    "elasticloadbalancing": ("Tags", "AddTags"),
    "events": ("Tags", "TagResource"),
    "guardduty": ("Tags", "TagResource"),
    "kms": ("Tags", "TagResource"),
    "lambda": ("Tags", "TagResource"),
    "logs": ("tags", "TagResource"),
    "rds": ("Tags", "AddTagsToResource"),
    "secretsmanager": ("Tags", "TagResource"),
    "sns": ("Tags", "TagResource"),
    "sqs": ("tags", "TagQueue"),
    "ssm": ("Tags", "AddTagsToResource"),
    "wafv2": ("Tags", "TagResource"),
}
MAKING = ("Create", "Put", "Import", "Run", "Allocate", "Authorize")
IAM_TAGS = {
    "CreateRole": "TagRole",
    "CreatePolicy": "TagPolicy",
    "CreateUser": "TagUser",
    "CreateInstanceProfile": "TagInstanceProfile",
}


def tagging(call):
    """The action for the tags that the request brings along, if it needs one."""
    service = prefix(call)
    place, name = TAGGING.get(service, (None, None))
    if name == call.operation or not call.operation.startswith(MAKING):
        return None
    if place is None or not at(call.parameters, place):
        return None
    return IAM_TAGS.get(call.operation) if service == "iam" else name


def known(service, name):
    """Whether IAM has the action."""
    return reference.action(service, name) is not None
