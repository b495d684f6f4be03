"""S3: `aws:kms` without a key is AWS's own key, whatever the bucket's default is.

"If you specify x-amz-server-side-encryption:aws:kms […] but do not provide
x-amz-server-side-encryption-aws-kms-key-id, Amazon S3 uses the AWS managed key": S3's model,
PutObject, `SSEKMSKeyId`. The default counts where nothing is said.
"""

from moto.kms.models import kms_backends
from moto.s3.models import S3Backend

from ..lax import rule

ALIAS = "alias/aws/s3"


@rule(S3Backend, "put_object")
def put_object(original, self, bucket_name, *arguments, **options):
    _own_key(self, bucket_name, options, "encryption")
    return original(self, bucket_name, *arguments, **options)


@rule(S3Backend, "create_multipart_upload")
def create_multipart_upload(original, self, bucket_name, *arguments, **options):
    names = ("key_name", "metadata", "storage_type", "tags", "acl", "sse_encryption", "kms_key_id")
    options |= dict(zip(names, arguments))
    _own_key(self, bucket_name, options, "sse_encryption")
    return original(self, bucket_name, **options)


def _own_key(backend, bucket_name, options, name):
    if options.get(name) == "aws:kms" and not options.get("kms_key_id"):
        region = backend.get_bucket(bucket_name).region_name
        options["kms_key_id"] = _key(kms_backends[backend.account_id][region])


def _key(backend):
    """The ARN of the account's key of S3's, which is there once it is needed."""
    if not backend.alias_exists(ALIAS):
        # Its policy is AWS's, and nobody's to change.
        key = backend.create_key("", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
        key.key_manager = "AWS"
        backend.create_alias(key.id, ALIAS)
    return backend.describe_key(ALIAS).arn
