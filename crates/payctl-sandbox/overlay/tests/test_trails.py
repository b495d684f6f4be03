"""CloudTrail's gaps: where a trail writes besides, and as what."""

import json
import unittest
import uuid

from support import ACCOUNT, REGION, SandboxTest, closes_gaps, make_role, trust

ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents"]
ROLE, GROUP = "InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException"


@closes_gaps
class Trails(SandboxTest):
    def setUp(self):
        super().setUp()
        self.name = f"trail-{uuid.uuid4()}"
        s3, logs, self.trails = self.aws("s3"), self.aws("logs"), self.aws("cloudtrail")
        s3.create_bucket(Bucket=self.name)
        principal = {"Service": "cloudtrail.amazonaws.com"}
        allow = {"Effect": "Allow", "Principal": principal}
        own, all = f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"
        look = {**allow, "Action": "s3:GetBucketAcl", "Resource": own}
        write = {**allow, "Action": "s3:PutObject", "Resource": all}
        document = json.dumps({"Version": "2012-10-17", "Statement": [look, write]})
        s3.put_bucket_policy(Bucket=self.name, Policy=document)
        logs.create_log_group(logGroupName=self.name)
        self.group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.name}:*"

    def role(self, service="cloudtrail.amazonaws.com", actions=ACTIONS):
        """A role that the service may take on, and which may do that."""
        iam, name = self.aws("iam"), f"role-{uuid.uuid4()}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=document)
        return arn

    def writes_to(self, group, role):
        """What says where a trail writes."""
        return {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}

    def test_what_it_cannot_write_as_is_refused(self):
        create, update = self.trails.create_trail, self.trails.update_trail
        trail = {"Name": self.name, "S3BucketName": self.name}
        other = self.role(service="lambda.amazonaws.com")
        message = self.refused(ROLE, create, **trail, **self.writes_to(self.group, other))
        self.assertEqual(message, "Access denied. Check the trust relationships for your role.")
        weak = self.role(actions=ACTIONS[:1])
        message = self.refused(GROUP, create, **trail, **self.writes_to(self.group, weak))
        self.assertEqual(message, "Access denied. Check the permissions for your role.")
        create(**trail)
        absent = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:absent:*"
        self.refused(GROUP, update, Name=self.name, **self.writes_to(absent, self.role()))
        self.refused(ROLE, update, Name=self.name, CloudWatchLogsLogGroupArn=self.group)

    def test_what_it_finds_unusual_is_told(self):
        self.trails.create_trail(Name=self.name, S3BucketName=self.name)
        put = self.trails.put_insight_selectors
        kinds = ["ApiCallRateInsight", "ApiErrorRateInsight"]
        for wanted in (kinds, kinds[:1], []):
            put(TrailName=self.name, InsightSelectors=[{"InsightType": one} for one in wanted])
            trail = self.trails.get_trail(Name=self.name)["Trail"]
            self.assertEqual(trail["HasInsightSelectors"], bool(wanted))
            found = self.trails.get_insight_selectors(TrailName=self.name)
            found = [one["InsightType"] for one in found.get("InsightSelectors", [])]
            self.assertEqual(found, wanted)


if __name__ == "__main__":
    unittest.main()
