"""KMS keys that services use in the caller's name, and with which encryption context.

Keys of AWS's own (`alias/aws/…`) let everybody in who may use the service, so nothing is asked for
there (KMS developer guide, "How Amazon DynamoDB uses AWS KMS", key policy).
"""

from moto.awslambda.utils import get_backend as lambda_backend
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from . import lookups
from .needs import Need

WRITE = ("GenerateDataKey", "Decrypt")
READ = ("Decrypt",)


def own(place, identifier):
    """The account's own key behind an identifier; None for AWS's, and for one that is not there."""
    if not identifier or identifier.startswith("alias/aws/") or ":alias/aws/" in identifier:
        return None
    key = lookups.find_key(place, identifier)
    if key is None or any(name.startswith("alias/aws/") for name in key.aliases):
        return None
    return key


def use(place, identifier, actions, via, context=None, **more):
    """What the service needs of the key: one need an action."""
    key = own(place, identifier)
    if key is None:
        return []
    keys = {f"kms:encryptioncontext:{k.lower()}": v for k, v in (context or {}).items()}
    if context:
        keys["kms:encryptioncontextkeys"] = list(context)
    keys |= more
    return [Need(f"kms:{action}", (("key", key.arn),), keys, via) for action in actions]


def of_s3(call, place):
    """S3 user guide, "Using server-side encryption with AWS KMS keys": a data key for each object
    that is written, and its decryption for each that is read; both for an upload in parts. The
    encryption context is the object's ARN, or the bucket's where a bucket key is used."""
    operation, parameters = call.operation, call.parameters
    if operation in ("PutObject", "CreateMultipartUpload", "CopyObject"):
        parts = operation == "CreateMultipartUpload"
        read = _read(place, *_source(parameters)) if operation == "CopyObject" else []
        return read + _written(place, parameters, WRITE if parts else WRITE[:1])
    if operation == "UploadPartCopy":
        return _read(place, *_source(parameters))
    if operation == "GetObject":
        version = parameters.get("VersionId")
        return _read(place, parameters.get("Bucket"), parameters.get("Key"), version)
    return []


def _source(parameters):
    source, _, version = parameters.get("CopySource", "").lstrip("/").partition("?versionId=")
    bucket, _, key = source.partition("/")
    return bucket, key, version or None


def _bucket(place, name):
    return s3_backends[place.account][place.partition].buckets.get(name)


def _written(place, parameters, actions):
    bucket = _bucket(place, parameters.get("Bucket"))
    if bucket is None:
        return []
    default = ((bucket.encryption or {}).get("Rule") or {}) if bucket.encryption else {}
    by_default = default.get("ApplyServerSideEncryptionByDefault") or {}
    named = parameters.get("ServerSideEncryption")
    # Without a header the bucket's default holds; `aws:kms` without a key is AWS's own key.
    sort = named or by_default.get("SSEAlgorithm")
    key = parameters.get("SSEKMSKeyId") if named else by_default.get("KMSMasterKeyID")
    if not (sort or "").startswith("aws:kms") or not key:
        return []
    with_bucket_key = parameters.get("BucketKeyEnabled", default.get("BucketKeyEnabled"))
    arn = bucket.arn
    if str(with_bucket_key).lower() != "true":
        arn = f"{arn}/{parameters.get('Key')}"
    return use(place, key, actions, "s3", {"aws:s3:arn": arn})


def _read(place, bucket, name, version=None):
    found = _bucket(place, bucket)
    if found is None:
        return []
    backend = s3_backends[place.account][place.partition]
    there = backend.get_object(bucket, name, version_id=version)
    if there is None or not (there.encryption or "").startswith("aws:kms"):
        return []
    with_bucket_key = str(getattr(there, "bucket_key_enabled", False)).lower() == "true"
    arn = found.arn if with_bucket_key else f"{found.arn}/{name}"
    return use(place, there.kms_key_id, READ, "s3", {"aws:s3:arn": arn})


# DynamoDB developer guide, "Authorizing use of your customer managed key": what DynamoDB needs at
# least, in the name of who makes the table or changes its key.
OF_TABLE = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
)
# KMS developer guide, "How Amazon DynamoDB uses AWS KMS": who reads or writes has the table's key
# decrypted. DynamoDB keeps it for five minutes; here every call asks.
ON_ITEMS = {
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
}


def of_dynamodb(call, place):
    """A table's key."""
    parameters = call.parameters
    if call.operation in ("CreateTable", "UpdateTable"):
        key = parameters.get("SSESpecification", {}).get("KMSMasterKeyId")
        context = _table_context(parameters.get("TableName", ""), place)
        mine = {"kms:grantisforawsresource": "true"}
        return use(place, key, OF_TABLE, "dynamodb", context, **mine) if key else []
    if call.operation not in ON_ITEMS:
        return []
    tables = dynamodb_backends[place.account][place.region].tables
    found = []
    for name in _tables(parameters):
        name = name.rsplit("/", 1)[-1]
        sse = getattr(tables.get(name), "sse_specification", None) or {}
        context = _table_context(name, place)
        if sse.get("Enabled"):
            found += use(place, sse.get("KMSMasterKeyId"), READ, "dynamodb", context)
    return found


def _tables(parameters):
    names = {parameters["TableName"]} if "TableName" in parameters else set()
    names |= set(parameters.get("RequestItems", {}))
    for item in parameters.get("TransactItems", ()):
        names |= {part["TableName"] for part in item.values() if "TableName" in part}
    return sorted(names)


def _table_context(name, place):
    return {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": place.account}


def of_secretsmanager(call, place):
    """Secrets Manager user guide, "Secret encryption and decryption": a data key and its decryption
    where a value is put, decryption where it is read; the context has the secret's ARN."""
    parameters = call.parameters
    backend = secretsmanager_backends[place.account][place.region]
    there = backend.secrets.get(parameters.get("SecretId", ""))
    key = parameters.get("KmsKeyId") or getattr(there, "kms_key_id", None)
    arn = there.arn if there else place.arn("secretsmanager", f"secret:{parameters.get('Name')}")
    context = {"SecretARN": arn}
    if call.operation in ("CreateSecret", "PutSecretValue", "UpdateSecret"):
        if not {"SecretString", "SecretBinary", "KmsKeyId"} & set(parameters):
            return []
        return use(place, key, WRITE, "secretsmanager", context)
    if call.operation == "GetSecretValue":
        return use(place, key, READ, "secretsmanager", context)
    return []


def of_sqs(call, place):
    """SQS developer guide, "Key management": a data key and its decryption to send, decryption to
    receive."""
    needed = {"SendMessage": WRITE, "SendMessageBatch": WRITE, "ReceiveMessage": READ}
    name = call.parameters.get("QueueUrl", "").rstrip("/").rsplit("/", 1)[-1]
    queue = sqs_backends[place.account][place.region].queues.get(name)
    if queue is None or call.operation not in needed:
        return []
    return use(
        place,
        queue.kms_master_key_id,
        needed[call.operation],
        "sqs",
        {"aws:sqs:arn": queue.queue_arn},
    )


def of_sns(call, place):
    """SNS developer guide, "Key management": a data key and its decryption to publish."""
    if call.operation not in ("Publish", "PublishBatch"):
        return []
    topic = sns_backends[place.account][place.region].topics.get(call.parameters.get("TopicArn"))
    if topic is None:
        return []
    return use(place, topic.kms_master_key_id, WRITE, "sns", {"aws:sns:topicArn": topic.arn})


def of_ssm(call, place):
    """Parameter Store encrypts with the caller's rights (KMS developer guide, "How AWS Systems
    Manager Parameter Store uses AWS KMS")."""
    parameters = call.parameters
    if call.operation == "PutParameter" and parameters.get("Type") == "SecureString":
        name = parameters.get("Name", "").removeprefix("/")
        arn = place.arn("ssm", f"parameter/{name}")
        return use(place, parameters.get("KeyId"), ("Encrypt",), "ssm", {"PARAMETER_ARN": arn})
    return []


def of_lambda(call, place):
    """Lambda developer guide, "Securing environment variables": Lambda uses the caller's rights to
    encrypt them and to make a grant for the function's role."""
    parameters = call.parameters
    if call.operation not in ("CreateFunction", "UpdateFunctionConfiguration"):
        return []
    there = function_of(place, parameters.get("FunctionName", ""))
    before = getattr(there, "kms_key_arn", None)
    key = parameters.get("KMSKeyArn", before)
    renewed = there is None or key != before or parameters.get("Role", there.role) != there.role
    changed = there is None or "Environment" in parameters or key != before
    actions = ("CreateGrant",) * renewed + ("Encrypt",) * changed
    name = parameters.get("FunctionName", "").split(":")[-1]
    context = {"aws:lambda:FunctionArn": place.arn("lambda", f"function:{name}")}
    mine = {"kms:grantisforawsresource": "true"}
    return use(place, key, actions, "lambda", context, **mine)


def function_of(place, name):
    """The function of a name or ARN, or None."""
    try:
        return lambda_backend(place.account, place.region).get_function(name)
    except JsonRESTError:
        return None


def of_rds(call, place):
    """RDS user guide, "AWS KMS key management": who makes what is encrypted with a key of the
    account's needs kms:CreateGrant and kms:DescribeKey on it."""
    if not call.operation.startswith(("CreateDB", "RestoreDB", "CopyDB")):
        return []
    names = (call.parameters.get("KmsKeyId"), call.parameters.get("PerformanceInsightsKMSKeyId"))
    mine = {"kms:grantisforawsresource": "true"}
    return [
        need
        for name in names
        if name
        for need in use(place, name, ("CreateGrant", "DescribeKey"), "rds", None, **mine)
    ]


FINDERS = {
    "s3": of_s3,
    "dynamodb": of_dynamodb,
    "secretsmanager": of_secretsmanager,
    "sqs": of_sqs,
    "sns": of_sns,
    "ssm": of_ssm,
    "lambda": of_lambda,
    "rds": of_rds,
}


def of(call, service, place):
    """What the request needs of keys."""
    return FINDERS[service](call, place) if service in FINDERS else []
