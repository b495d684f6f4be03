"""S3: a bucket can lock what comes into it from now on, whatever is in it already.

"You can enable Object Lock for new or existing buckets": S3's model, PutObjectLockConfiguration. moto
wants it to be empty. It cannot cease to, nor to keep versions (guide, object-lock-configure).
"""

from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import S3Backend

from ..patching import replace


class _Empty:
    """A bucket's objects, for moto to count."""

    def __init__(self, keys):
        self._keys = keys

    def __getattr__(self, name):
        return getattr(self._keys, name)

    @staticmethod
    def item_size():
        return 0


@replace(S3Backend, "put_object_lock_configuration")
def put_object_lock_configuration(original, self, bucket_name, *arguments, **options):
    bucket = self.get_bucket(bucket_name)
    keys, bucket.keys = bucket.keys, _Empty(bucket.keys)
    try:
        return original(self, bucket_name, *arguments, **options)
    finally:
        bucket.keys = keys


@replace(S3Backend, "put_bucket_versioning")
def put_bucket_versioning(original, self, bucket_name, status):
    if self.get_bucket(bucket_name).object_lock_enabled and status != "Enabled":
        raise InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state "
            "cannot be changed."
        )
    return original(self, bucket_name, status)
