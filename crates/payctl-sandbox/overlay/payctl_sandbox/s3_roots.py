"""S3's answers under the names AWS gives them.

moto calls the outermost element of some answers after the operation. boto3 never looks at that
name; the Rust SDK takes no answer under another one.
"""

import re

ROOTS = {
    b"DeleteObjects": b"DeleteResult",
    b"GetBucketAcl": b"AccessControlPolicy",
    b"GetBucketLifecycleConfiguration": b"LifecycleConfiguration",
    # Without any notification, moto uses this older name.
    b"GetBucketNotification": b"NotificationConfiguration",
    b"GetBucketNotificationConfiguration": b"NotificationConfiguration",
    b"GetBucketTagging": b"Tagging",
    b"GetBucketVersioning": b"VersioningConfiguration",
    b"GetObjectTagging": b"Tagging",
    b"ListMultipartUploads": b"ListMultipartUploadsResult",
    b"ListObjectVersions": b"ListVersionsResult",
    b"ListObjects": b"ListBucketResult",
    b"ListObjectsV2": b"ListBucketResult",
    b"ListParts": b"ListPartsResult",
}
ROOT = re.compile(rb"<(/?)(%s)Response\b" % b"|".join(ROOTS))


def middleware(application):
    """Wraps a WSGI application whose S3 answers may have the wrong outermost element."""

    def renamed(environ, start_response):
        seen = []

        def start(status, headers, exc_info=None):
            seen[:] = [status, headers]
            return lambda _: None

        body = b"".join(application(environ, start))
        status, headers = seen
        if b"Response" in body[:400]:
            body = ROOT.sub(lambda match: b"<" + match[1] + ROOTS[match[2]], body)
            headers = [(n, v) for n, v in headers if n.lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        return [body]

    return renamed
