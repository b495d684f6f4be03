"""S3's notifications: whether EventBridge is told."""

import unittest

from support import closes_gaps
from test_s3 import BucketTest


@closes_gaps
class EventBridge(BucketTest):
    def test_it_is_answered(self):
        put = self.s3.put_bucket_notification_configuration
        get = self.s3.get_bucket_notification_configuration
        told = "EventBridgeConfiguration"
        put(Bucket=self.bucket, NotificationConfiguration={told: {}})
        self.assertIn(told, get(Bucket=self.bucket))
        put(Bucket=self.bucket, NotificationConfiguration={})
        self.assertNotIn(told, get(Bucket=self.bucket))


if __name__ == "__main__":
    unittest.main()
