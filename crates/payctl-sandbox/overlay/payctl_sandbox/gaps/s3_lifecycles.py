"""S3: from which size on lifecycle rules move objects.

S3's model, PutBucketLifecycleConfiguration, `TransitionDefaultMinimumObjectSize`: nothing below
128 KB unless the bucket says otherwise, which moto forgets.
"""

from moto.s3.responses import S3Response

from ..patching import replace

HEADER = "x-amz-transition-default-minimum-object-size"
SIZES = ("all_storage_classes_128K", "varies_by_storage_class")


@replace(S3Response, "_bucket_response_put")
def _bucket_response_put(original, self, *arguments, **options):
    answer = original(self, *arguments, **options)
    if "lifecycle" not in self.querystring:
        return answer
    bucket = self.backend.get_bucket(self.bucket_name)
    bucket.transitions_from = self.headers.get(HEADER) or SIZES[0]
    return 200, {HEADER: bucket.transitions_from}, ""


@replace(S3Response, "get_bucket_lifecycle")
def get_bucket_lifecycle(original, self):
    status, headers, body = original(self)
    bucket = self.backend.get_bucket(self.bucket_name)
    return status, {**headers, HEADER: getattr(bucket, "transitions_from", SIZES[0])}, body
