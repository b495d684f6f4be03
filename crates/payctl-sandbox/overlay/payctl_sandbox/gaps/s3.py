"""S3: encryption by default, and bucket policies with their conditions."""

from moto.core.resource_tagging import iter_taggable_backends
from moto.iam.access_control import PermissionResult
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.s3.exceptions import S3AccessDeniedError, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from .. import requests
from ..partitions import partition
from ..patching import replace
from ..policy import ALLOW, DENY, decide, statements
from ..strict.permissions import operator

# What every bucket has been encrypted with since January 2023, if nothing else is said.
DEFAULT_ENCRYPTION = {
    "Rule": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": False,
    }
}


@replace(S3Backend, "get_bucket_encryption")
def get_bucket_encryption(original, self, bucket_name):
    return original(self, bucket_name) or DEFAULT_ENCRYPTION


@replace(ResourceGroupsTaggingAPIBackend, "_get_resources_generator")
def _get_resources_generator(original, self, *filters, **more):
    # What is "located in the specified Amazon Web Services Region" (botocore, GetResources): moto
    # lists each bucket in every region.
    backends = iter_taggable_backends(self.account_id, self.region_name)
    of_s3 = [backend for backend in backends if isinstance(backend, S3Backend)]
    buckets = [bucket for backend in of_s3 for bucket in backend.buckets.values()]
    elsewhere = {bucket.arn for bucket in buckets if bucket.region_name != self.region_name}
    for resource in original(self, *filters, **more):
        if resource.arn not in elsewhere:
            yield resource


# Operations on objects and listings, and the action each needs.
ACTIONS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "GetObjectAttributes": "s3:GetObjectAttributes",
    "GetObjectTagging": "s3:GetObjectTagging",
    "PutObject": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "PutObjectTagging": "s3:PutObjectTagging",
    "DeleteObjectTagging": "s3:DeleteObjectTagging",
    "DeleteObject": "s3:DeleteObject",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "DeleteBucket": "s3:DeleteBucket",
}
# Condition keys that are request headers of the same name.
HEADERS = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-acl",
    "x-amz-storage-class",
)
# The parts of one upload carry no headers about encryption; only its start does.
UPLOADING = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")


def _context(self):
    context = {
        # The sandbox is plain HTTP on the loopback; policies see what AWS's would see.
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:sourceip": "127.0.0.1",
        "aws:principalaccount": self.current_account,
        "aws:principalarn": _root(self.current_account, self.region),
    }
    for name in HEADERS:
        if value := self.headers.get(name):
            context[f"s3:{name}"] = value
    return context


def _root(account, region):
    return f"arn:{partition(region)}:iam::{account}:root"


def _refuse_if_denied(self, request, key_name):
    signed = "Authorization" in self.headers or "X-Amz-Credential" in request.args
    if operator.asked and signed:
        # Every policy was asked already.
        return
    call = requests.identify(request.environ, b"")
    action = ACTIONS.get(call.operation)
    bucket = self.backend.buckets.get(self.bucket_name)
    if not action or not bucket or not bucket.policy or call.operation in UPLOADING:
        return
    if "versionId" in request.args and action in ("s3:GetObject", "s3:DeleteObject"):
        action += "Version"
    resource = f"{bucket.arn}/{key_name}" if key_name else bucket.arn
    principal = ("AWS", _root(self.current_account, self.region))
    if decide(bucket.policy, principal, action, resource, _context(self)) == DENY:
        raise S3AccessDeniedError()


@replace(S3Response, "_key_response")
def _key_response(original, self, request, full_url):
    _refuse_if_denied(self, request, self.parse_key_name())
    return original(self, request, full_url)


@replace(S3Response, "_bucket_response")
def _bucket_response(original, self, request, full_url):
    _refuse_if_denied(self, request, None)
    return original(self, request, full_url)


@replace(FakeBucket, "get_permission")
def get_permission(original, self, action, resource):
    """moto's own check, which is left with anonymous access and with DeleteObjects."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    context = {"aws:securetransport": "true", "s3:tlsversion": "1.3"}
    if action == "s3:DeleteObject" and not operator.asked:
        principal = ("AWS", _root(self.account_id, self.region_name))
        if decide(self.policy, principal, action, resource, context) == DENY:
            return PermissionResult.DENIED
    if decide(self.policy, ("AWS", "*"), action, resource, context) == ALLOW:
        return PermissionResult.PERMITTED
    return PermissionResult.NEUTRAL


@replace(S3Backend, "put_bucket_policy")
def put_bucket_policy(original, self, bucket_name, policy):
    try:
        found = statements(policy)
        if not found or not all(each["Effect"] in (ALLOW, DENY) for each in found):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = "This policy contains invalid Json or misses Statement or Effect"
        raise S3ClientError("MalformedPolicy", message) from error
    return original(self, bucket_name, policy)


def _may_log(target_bucket, target_prefix):
    """Whether the target's policy lets S3 deliver access logs; moto fails at Principal `*`."""
    if target_bucket.policy is None:
        return False
    principal = ("Service", "logging.s3.amazonaws.com")
    resource = f"{target_bucket.arn}/{target_prefix or ''}log"
    context = {
        "aws:sourceaccount": target_bucket.account_id,
        "aws:securetransport": "true",
    }
    return any(
        each["Effect"] == ALLOW
        and decide(
            {"Statement": [{**each, "Condition": _without_source(each)}]},
            principal,
            "s3:PutObject",
            resource,
            context,
        )
        == ALLOW
        for each in statements(target_bucket.policy)
    )


def _without_source(statement):
    """The statement's conditions without those on the source bucket, not known here."""
    return {
        operator: {key: want for key, want in keys.items() if key.lower() != "aws:sourcearn"}
        for operator, keys in (statement.get("Condition") or {}).items()
    }


FakeBucket._log_permissions_enabled_policy = staticmethod(_may_log)
