"""CloudTrail: refused when it could not use the bucket or the key."""

from moto.cloudtrail.models import CloudTrailBackend
from moto.core.exceptions import JsonRESTError
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from ..patching import replace
from ..policy import ALLOW, decide

CLOUDTRAIL = ("Service", "cloudtrail.amazonaws.com")


class _Refused(JsonRESTError):
    code = 400


def find_key(account, region, identifier):
    """The key behind an id, ARN or alias; None if there is none."""
    backend = kms_backends[account][region]
    try:
        return backend.keys.get(backend.any_id_to_key_id(identifier))
    except JsonRESTError:
        return None


def may_use(key, principal, actions, context):
    """Whether the key's policy lets the service do all of this."""
    return all(decide(key.policy, principal, act, key.arn, context) == ALLOW for act in actions)


@replace(CloudTrailBackend, "create_trail")
def create_trail(original, self, name, bucket_name, s3_key_prefix, *more, **options):
    if name in self.trails:
        arn = self.trails[name].arn
        raise _Refused(
            "TrailAlreadyExistsException",
            f"Trail {name} already exists for customer: {self.account_id} ({arn})",
        )
    trail = original(self, name, bucket_name, s3_key_prefix, *more, **options)
    try:
        _refuse_undeliverable(self, trail)
    except JsonRESTError:
        del self.trails[name]
        raise
    return trail


@replace(CloudTrailBackend, "update_trail")
def update_trail(original, self, name, *more, **options):
    trail = self.get_trail(name)
    before = dict(trail.__dict__)
    updated = original(self, name, *more, **options)
    try:
        _refuse_undeliverable(self, updated)
    except JsonRESTError:
        trail.__dict__.clear()
        trail.__dict__.update(before)
        raise
    return updated


def _refuse_undeliverable(self, trail):
    bucket = s3_backends[self.account_id][self.partition].buckets.get(trail.bucket_name)
    prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    objects = f"{bucket.arn}/{prefix}AWSLogs/{self.account_id}/CloudTrail/log.json.gz"
    context = {
        "aws:sourcearn": trail.arn,
        "aws:sourceaccount": self.account_id,
        "aws:securetransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    needed = (("s3:GetBucketAcl", bucket.arn), ("s3:PutObject", objects))
    policy = bucket.policy or b"{}"
    if not all(
        decide(policy, CLOUDTRAIL, action, resource, context) == ALLOW
        for action, resource in needed
    ):
        raise _Refused(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {bucket.name}",
        )
    if not trail.kms_key_id:
        return
    key = find_key(self.account_id, self.region_name, trail.kms_key_id)
    if key is None:
        raise _Refused(
            "KmsKeyNotFoundException", f"KMS key {trail.kms_key_id} could not be found."
        )
    context = {
        "kms:encryptioncontext:aws:cloudtrail:arn": trail.arn,
        "aws:sourcearn": trail.arn,
        "aws:sourceaccount": self.account_id,
    }
    if key.key_state != "Enabled" or not may_use(
        key, CLOUDTRAIL, ("kms:GenerateDataKey", "kms:DescribeKey"), context
    ):
        raise _Refused(
            "InsufficientEncryptionPolicyException",
            f"Insufficient permissions to access S3 bucket {bucket.name} or KMS key {key.arn}.",
        )
