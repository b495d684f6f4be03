"""Lambda's gaps: what a function reads back as, and what is refused."""

import json
import uuid

from support import ACCOUNT, SandboxTest, closes_gaps, make_role, no_gap, trust, zipped


class FunctionTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.functions = self.aws("lambda")
        self.name = f"function-{uuid.uuid4()}"

    def create(self, **options):
        """Makes a function, with a role of its own unless one is given."""
        if "Role" not in options:
            options["Role"] = make_role(self.aws("iam"), f"role-{uuid.uuid4()}")
        return self.functions.create_function(
            **{
                "FunctionName": self.name,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Code": {"ZipFile": zipped("-")},
                **options,
            }
        )

    def configuration(self):
        """The function's configuration."""
        return self.functions.get_function_configuration(FunctionName=self.name)

    def network(self):
        """A VPC with a subnet and a group."""
        ec2 = self.aws("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        return vpc, {"SubnetIds": [subnet], "SecurityGroupIds": [group]}


@closes_gaps
class Reads(FunctionTest):
    def test_the_logging_configuration(self):
        self.create(LoggingConfig={"LogFormat": "JSON", "LogGroup": "/custom"})
        found = self.configuration()["LoggingConfig"]
        self.assertEqual(found, {"LogFormat": "JSON", "LogGroup": "/custom"})
        self.functions.update_function_configuration(
            FunctionName=self.name, LoggingConfig={"LogFormat": "Text"}
        )
        found = self.configuration()["LoggingConfig"]
        group = f"/aws/lambda/{self.name}"
        self.assertEqual(found, {"LogFormat": "Text", "LogGroup": group})

    def test_the_vpc(self):
        vpc, network = self.network()
        self.create(VpcConfig=network)
        self.assertEqual(self.configuration()["VpcConfig"]["VpcId"], vpc)
        none = {"SubnetIds": [], "SecurityGroupIds": []}
        self.functions.update_function_configuration(FunctionName=self.name, VpcConfig=none)
        found = self.configuration()["VpcConfig"]
        self.assertEqual((found["VpcId"], found["SubnetIds"]), ("", []))

    def test_the_architecture_changes_with_the_code(self):
        self.create()
        self.functions.update_function_code(
            FunctionName=self.name, ZipFile=zipped("other"), Architectures=["arm64"]
        )
        self.assertEqual(self.configuration()["Architectures"], ["arm64"])

    def test_where_what_it_fails_at_goes(self):
        queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failed"
        self.create(DeadLetterConfig={"TargetArn": queue})
        self.assertEqual(self.configuration()["DeadLetterConfig"], {"TargetArn": queue})
        update = self.functions.update_function_configuration
        update(FunctionName=self.name, Description="other")
        self.assertEqual(self.configuration()["DeadLetterConfig"], {"TargetArn": queue})
        update(FunctionName=self.name, DeadLetterConfig={"TargetArn": ""})
        self.assertNotIn("DeadLetterConfig", self.configuration())

    def test_the_key_changes(self):
        self.create()
        before = self.configuration()["RevisionId"]
        key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{uuid.uuid4()}"
        self.functions.update_function_configuration(FunctionName=self.name, KMSKeyArn=key)
        self.assertEqual(self.configuration()["KMSKeyArn"], key)
        self.assertNotEqual(self.configuration()["RevisionId"], before)


@closes_gaps
class Permissions(FunctionTest):
    def allow(self):
        """Lets S3 invoke the function."""
        return self.functions.add_permission(
            FunctionName=self.name,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::bucket",
            SourceAccount=ACCOUNT,
        )

    def test_the_same_statement_twice(self):
        self.create()
        self.allow()
        self.refused("ResourceConflictException", self.allow)

    def test_an_account_is_written_as_its_root(self):
        self.create()
        self.functions.add_permission(
            FunctionName=self.name,
            StatementId="other",
            Action="lambda:InvokeFunction",
            Principal="999999999999",
        )
        policy = json.loads(self.functions.get_policy(FunctionName=self.name)["Policy"])
        (statement,) = policy["Statement"]
        self.assertEqual(statement["Principal"], {"AWS": "arn:aws:iam::999999999999:root"})

    @no_gap
    def test_no_statement_left(self):
        self.create()
        self.allow()
        self.functions.remove_permission(FunctionName=self.name, StatementId="s3")
        self.refused(
            "ResourceNotFoundException", self.functions.get_policy, FunctionName=self.name
        )


@closes_gaps
class Refused(FunctionTest):
    CODE = "InvalidParameterValueException"

    def test_reserved_variables(self):
        variables = {"Variables": {"AWS_REGION": "us-east-1"}}
        message = self.refused(self.CODE, self.create, Environment=variables)
        self.assertIn("AWS_REGION", message)
        self.create()
        self.refused(
            self.CODE,
            self.functions.update_function_configuration,
            FunctionName=self.name,
            Environment=variables,
        )

    def test_an_unknown_subnet(self):
        _, network = self.network()
        network["SubnetIds"] = ["subnet-0123456789abcdef0"]
        message = self.refused(self.CODE, self.create, VpcConfig=network)
        self.assertIn("InvalidSubnetID.NotFound", message)

    def test_an_unknown_group(self):
        _, network = self.network()
        network["SecurityGroupIds"] = ["sg-0123456789abcdef0"]
        message = self.refused(self.CODE, self.create, VpcConfig=network)
        self.assertIn("InvalidGroup.NotFound", message)

    def test_a_role_that_trusts_somebody_else(self):
        iam = self.aws("iam")
        trusted = trust("vpc-flow-logs.amazonaws.com")
        role = iam.create_role(RoleName=f"r-{uuid.uuid4()}", AssumeRolePolicyDocument=trusted)
        message = self.refused(self.CODE, self.create, Role=role["Role"]["Arn"])
        self.assertIn("cannot be assumed by Lambda", message)

    def test_a_role_without_interfaces(self):
        _, network = self.network()
        role = make_role(self.aws("iam"), f"role-{uuid.uuid4()}", in_vpc=False)
        message = self.refused(self.CODE, self.create, Role=role, VpcConfig=network)
        self.assertIn("CreateNetworkInterface on EC2", message)
        policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
        self.aws("iam").attach_role_policy(RoleName=role.split("/")[-1], PolicyArn=policy)
        self.create(Role=role, VpcConfig=network)

    def test_a_name_that_is_too_long(self):
        self.refused("ValidationException", self.create, FunctionName="f" * 65)

    def test_more_concurrency_than_the_account_has(self):
        self.create()
        self.refused(
            self.CODE,
            self.functions.put_function_concurrency,
            FunctionName=self.name,
            ReservedConcurrentExecutions=950,
        )
