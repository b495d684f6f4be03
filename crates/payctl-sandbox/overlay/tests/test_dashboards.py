"""CloudWatch's gaps."""

import json
import unittest
import uuid

from support import ACCOUNT, SandboxTest, closes_gaps, no_gap


def pairs(tags):
    """Tags by name."""
    return {tag["Key"]: tag["Value"] for tag in tags}


@closes_gaps
class Dashboards(SandboxTest):
    def setUp(self):
        super().setUp()
        self.cloudwatch = self.aws("cloudwatch")
        self.name = f"dashboard-{uuid.uuid4()}"
        self.arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{self.name}"

    def put(self, **tags):
        """Makes or changes it."""
        tags = [{"Key": key, "Value": value} for key, value in tags.items()]
        body = json.dumps({"widgets": []})
        self.cloudwatch.put_dashboard(DashboardName=self.name, DashboardBody=body, Tags=tags)

    def tags(self):
        """The tags that it has."""
        return pairs(self.cloudwatch.list_tags_for_resource(ResourceARN=self.arn)["Tags"])

    def test_it_is_made_with_tags(self):
        self.put(one="1")
        self.assertEqual(self.tags(), {"one": "1"})
        self.put(two="2")
        self.assertEqual(self.tags(), {"one": "1"})

    def test_its_tags_change(self):
        self.put()
        tags = [{"Key": "one", "Value": "1"}, {"Key": "two", "Value": "2"}]
        self.cloudwatch.tag_resource(ResourceARN=self.arn, Tags=tags)
        self.assertEqual(self.tags(), {"one": "1", "two": "2"})
        self.cloudwatch.untag_resource(ResourceARN=self.arn, TagKeys=["one"])
        self.assertEqual(self.tags(), {"two": "2"})

    def test_its_tags_go_with_it(self):
        self.put(one="1")
        self.cloudwatch.delete_dashboards(DashboardNames=[self.name])
        self.refused("ResourceNotFoundException", self.tags)
        self.put()
        self.assertEqual(self.tags(), {})

    def test_it_is_found_by_its_tags(self):
        self.put(name=self.name)
        filters = [{"Key": "name", "Values": [self.name]}]
        found = self.aws("resourcegroupstaggingapi").get_resources(TagFilters=filters)
        found = [resource["ResourceARN"] for resource in found["ResourceTagMappingList"]]
        self.assertEqual(found, [self.arn])

    @no_gap
    def test_an_alarm_still_has_tags(self):
        alarm = {"AlarmName": self.name, "MetricName": "m", "Namespace": "n", "Threshold": 1}
        alarm.update(ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Period=60)
        self.cloudwatch.put_metric_alarm(**alarm, Statistic="Sum")
        made = self.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
        self.arn = made[0]["AlarmArn"]
        tags = [{"Key": "one", "Value": "1"}]
        self.cloudwatch.tag_resource(ResourceARN=self.arn, Tags=tags)
        self.assertEqual(self.tags(), {"one": "1"})
        self.cloudwatch.untag_resource(ResourceARN=self.arn, TagKeys=["one"])
        self.assertEqual(self.tags(), {})


if __name__ == "__main__":
    unittest.main()
