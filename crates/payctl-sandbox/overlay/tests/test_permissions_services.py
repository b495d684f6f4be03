"""What services ask for in the caller's name: roles passed on, tags, keys, service-linked roles.

Each test passes without permissions in a sandbox with `--lax permissions`.
"""

import json
import unittest

from permissions_support import MISSING, Permissions, allow, but
from support import REGION, bootstrap, make_role, trust, zipped


class Services(Permissions):
    """Beside the action of a call's own name."""

    def test_a_role_is_passed(self):
        role = make_role(self.iam, self.name)
        make = self.aws("lambda").create_function
        spec = {
            "FunctionName": self.name,
            "Runtime": "provided.al2023",
            "Role": role,
            "Handler": "bootstrap",
            "Code": {"ZipFile": zipped(bootstrap("answer = 1"))},
        }
        words = f"iam:PassRole on resource: {role} {MISSING.format(action='iam:PassRole')}"
        for passing in (
            allow("lambda:*"),
            # To another service.
            allow(
                "iam:PassRole",
                Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
        ):
            self.let_operator(allow("lambda:*"), passing)
            self.refused("AccessDeniedException", words, make, **spec)
            if self.lax:
                self.aws("lambda").delete_function(FunctionName=self.name)
        to = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
        self.let_operator(allow("lambda:*"), allow("iam:PassRole", on=role, Condition=to))
        make(**spec)

    def test_tags_at_creation_are_tagged(self):
        make = self.aws("ec2").create_vpc
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "a"}]}]
        spec = {"CidrBlock": "10.0.0.0/16", "TagSpecifications": tags}
        self.let_operator(but("ec2:CreateTags"))
        words = MISSING.format(action="ec2:CreateTags")
        self.refused("UnauthorizedOperation", words, make, **spec)
        # Only while a VPC is made, only with these tags.
        condition = {
            "StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/team": "a"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        }
        self.let_operator(allow("ec2:CreateVpc"), allow("ec2:CreateTags", Condition=condition))
        vpc = make(**spec)["Vpc"]["VpcId"]
        more = {"Resources": [vpc], "Tags": [{"Key": "team", "Value": "a"}]}
        self.refused("UnauthorizedOperation", words, self.aws("ec2").create_tags, **more)
        role = {"RoleName": self.name, "AssumeRolePolicyDocument": trust()}
        self.let_operator(but("iam:TagRole"))
        words = MISSING.format(action="iam:TagRole")
        tagged = {**role, "Tags": [{"Key": "a", "Value": "b"}]}
        self.refused("AccessDenied", words, self.iam.create_role, **tagged)

    def test_tags_of_apis(self):
        tags = {"team": "a"}
        prefix = f"arn:aws:apigateway:{REGION}::"
        rest, http = self.aws("apigateway"), self.aws("apigatewayv2")
        self.let_operator(but("apigateway:PUT", "apigateway:TagResource"))
        words = f"apigateway:PUT on resource: {prefix}/tags/arn%3Aaws%3Aapigateway%3A{REGION}"
        words += "%3A%3A%2Frestapis%2F* " + MISSING.format(action="apigateway:PUT")
        made = {"name": self.name, "tags": tags}
        self.refused("AccessDeniedException", words, rest.create_rest_api, **made)
        self.let_operator(but("apigateway:TagResource"))
        rest.create_rest_api(**made)
        api = http.create_api(Name=self.name, ProtocolType="HTTP", Tags=tags)["ApiId"]
        stage = {"ApiId": api, "StageName": "s"}
        words = f"apigateway:TagResource on resource: {prefix}/apis/{api}/stages "
        words += MISSING.format(action="apigateway:TagResource")
        self.refused("AccessDeniedException", words, http.create_stage, **stage, Tags=tags)
        if not self.lax:
            http.create_stage(**stage)

    def test_services_use_keys_in_the_caller_s_name(self):
        key = self.key()
        via = {"StringEquals": {"kms:ViaService": f"{{}}.{REGION}.amazonaws.com"}}
        queue = {"QueueName": self.name, "Attributes": {"KmsMasterKeyId": key}}
        url = self.aws("sqs").create_queue(**queue)["QueueUrl"]
        topic = self.aws("sns").create_topic(Name=self.name, Attributes={"KmsMasterKeyId": key})[
            "TopicArn"
        ]
        secret = self.aws("secretsmanager").create_secret(
            Name=self.name, SecretString="s", KmsKeyId=key
        )["ARN"]
        schema = [{"AttributeName": "a", "KeyType": "HASH"}]
        table = {
            "TableName": self.name,
            "KeySchema": schema,
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        }
        made = self.aws("dynamodb").create_table(**table)
        self.assertEqual(made["TableDescription"]["TableName"], self.name)
        for code, service, action, operation, arguments in (
            ("KMS.AccessDeniedException", "sqs", "GenerateDataKey",
             self.aws("sqs").send_message, {"QueueUrl": url, "MessageBody": "x"}),
            ("KMSAccessDenied", "sns", "GenerateDataKey",
             self.aws("sns").publish, {"TopicArn": topic, "Message": "x"}),
            ("AccessDeniedException", "secretsmanager", "Decrypt",
             self.aws("secretsmanager").get_secret_value, {"SecretId": secret}),
            ("AccessDeniedException", "dynamodb", "Decrypt",
             self.aws("dynamodb").get_item, {"TableName": self.name, "Key": {"a": {"S": "x"}}}),
        ):  # fmt: skip
            with self.subTest(service=service):
                self.let_operator(but("kms:*"))
                words = f"kms:{action} on resource: {key} " + MISSING.format(
                    action=f"kms:{action}"
                )
                self.refused(code, words, operation, **arguments)
                condition = json.loads(json.dumps(via).replace("{}", service))
                self.let_operator(but("kms:*"), allow("kms:*", on=key, Condition=condition))
                operation(**arguments)

    def test_a_first_use_makes_the_service_s_role(self):
        make = self.aws("autoscaling").create_auto_scaling_group
        ec2 = self.aws("ec2")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.create_launch_template(
            LaunchTemplateName=self.name,
            LaunchTemplateData={"ImageId": image, "InstanceType": "t3.small"},
        )
        group = {
            "AutoScalingGroupName": self.name,
            "LaunchTemplate": {"LaunchTemplateName": self.name, "Version": "$Latest"},
            "MinSize": 0,
            "MaxSize": 1,
            "AvailabilityZones": [f"{REGION}a"],
        }
        self.let_operator(but("iam:CreateServiceLinkedRole"))
        words = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling "
        words += MISSING.format(action="iam:CreateServiceLinkedRole")
        self.refused("AccessDenied", words, make, **group)
        if self.lax:
            return
        self.let_operator(allow("*"))
        make(**group)
        # It is there now: the next group needs no right to make it.
        self.let_operator(but("iam:CreateServiceLinkedRole"))
        make(**{**group, "AutoScalingGroupName": f"{self.name}-2"})


class ServicesLax(Services):
    """The same where permissions are left out."""

    lax = "permissions"


del Permissions


if __name__ == "__main__":
    unittest.main()
