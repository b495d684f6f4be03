"""CloudWatch Logs' gaps: metric filters."""

import unittest
import uuid

from support import SandboxTest, closes_gaps


@closes_gaps
class Filters(SandboxTest):
    def setUp(self):
        super().setUp()
        self.logs, self.group = self.aws("logs"), f"/test/{uuid.uuid4()}"
        self.logs.create_log_group(logGroupName=self.group)

    def put(self, name, pattern):
        """Counts what fits."""
        metric = {"metricNamespace": "Test", "metricName": name, "metricValue": "1"}
        self.logs.put_metric_filter(
            logGroupName=self.group,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[metric],
        )

    def seen(self):
        """The group's filters."""
        found = self.logs.describe_metric_filters(logGroupName=self.group)["metricFilters"]
        return [(one["filterName"], one["filterPattern"]) for one in found]

    def test_one_that_is_put_again_is_another(self):
        self.put("one", "ERROR")
        self.put("a", "INFO")
        self.put("one", "WARN")
        self.assertEqual(self.seen(), [("a", "INFO"), ("one", "WARN")])

    def test_one_goes_with_its_group(self):
        self.put("one", "ERROR")
        self.logs.delete_log_group(logGroupName=self.group)
        gone = "ResourceNotFoundException"
        self.refused(gone, self.put, name="one", pattern="ERROR")
        describe = self.logs.describe_metric_filters
        self.refused(gone, describe, logGroupName=self.group)
        self.logs.create_log_group(logGroupName=self.group)
        self.assertEqual(self.seen(), [])
        delete = self.logs.delete_metric_filter
        self.refused(gone, delete, logGroupName=self.group, filterName="one")


if __name__ == "__main__":
    unittest.main()
