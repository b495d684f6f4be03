"""Planted faults for the rules of RDS, IAM and what keeps data, each beside a good request."""

import json

LONG = "x" * 256
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


def tags(number=1, key="k"):
    return [{"Key": f"{key}{at}", "Value": "v"} for at in range(number)]


CLUSTER = {
    "DBClusterIdentifier": "payments-dev",
    "Engine": "aurora-postgresql",
    "MasterUsername": "payments_admin",
    "MasterUserPassword": "longenough!",
    "DatabaseName": "payments",
    "BackupRetentionPeriod": 7,
    "Port": 5432,
    "PreferredBackupWindow": "03:00-04:00",
    "EnableCloudwatchLogsExports": ["postgresql"],
    "MonitoringInterval": 60,
    "MonitoringRoleArn": "arn:aws:iam::123456789012:role/r",
    "PerformanceInsightsRetentionPeriod": 7,
}
INSTANCE = {"DBInstanceIdentifier": "i-1", "DBInstanceClass": "db.r6g.large"}
INSTANCE |= {"Engine": "aurora-postgresql", "PromotionTier": 1, "MonitoringInterval": 0}
SUBNETS = {"DBSubnetGroupName": "a", "DBSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"]}
DELETE = {"DBClusterIdentifier": "a", "FinalDBSnapshotIdentifier": "a-final"}
ROLE = {"RoleName": "r", "AssumeRolePolicyDocument": POLICY, "Tags": tags()}
INLINE = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": POLICY}
MANAGED = {"PolicyName": "p", "PolicyDocument": POLICY}
PARAMETER = {"Name": "/payments/dev/host", "Value": "v", "Type": "String"}
TABLE = {
    "TableName": "payments",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def bulky(length):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "x" * length}]})


# Service, operation, a good request, what makes a fault of it (None: left out), AWS's code.
FAULTS = [
    ("rds", "CreateDBCluster", CLUSTER, {"DBClusterIdentifier": "a--b"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"DatabaseName": "1st"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUsername": "1st"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUserPassword": "short"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MasterUserPassword": LONG}, "InvalidParameterValue"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"MasterUserPassword": "with/slash"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"ManageMasterUserPassword": True},
        "InvalidParameterCombination",
    ),
    ("rds", "CreateDBCluster", CLUSTER, {"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"Port": 443}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"PreferredBackupWindow": "3-4"}, "InvalidParameterValue"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"EnableCloudwatchLogsExports": ["audit"]},
        "InvalidParameterCombination",
    ),
    ("rds", "CreateDBCluster", CLUSTER, {"MonitoringInterval": 2}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER, {"MonitoringInterval": 0}, "InvalidParameterCombination"),
    (
        "rds",
        "CreateDBCluster",
        CLUSTER,
        {"PerformanceInsightsRetentionPeriod": 94},
        "InvalidParameterValue",
    ),
    ("rds", "CreateDBInstance", INSTANCE, {"DBInstanceIdentifier": "1a"}, "InvalidParameterValue"),
    ("rds", "CreateDBInstance", INSTANCE, {"PromotionTier": 16}, "InvalidParameterValue"),
    (
        "rds",
        "CreateDBSubnetGroup",
        SUBNETS,
        {"DBSubnetGroupName": "Default"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "DeleteDBCluster",
        DELETE,
        {"FinalDBSnapshotIdentifier": "a-"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "DeleteDBCluster",
        DELETE,
        {"FinalDBSnapshotIdentifier": None},
        "InvalidParameterCombination",
    ),
    ("rds", "DeleteDBCluster", DELETE, {"SkipFinalSnapshot": True}, "InvalidParameterCombination"),
    ("iam", "CreateRole", ROLE, {"Tags": [*tags(1, "key"), *tags(1, "KEY")]}, "InvalidInput"),
    ("iam", "CreateRole", ROLE, {"AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument"),
    ("iam", "CreateRole", ROLE, {"AssumeRolePolicyDocument": bulky(2048)}, "LimitExceeded"),
    (
        "iam",
        "UpdateAssumeRolePolicy",
        {"RoleName": "r", "PolicyDocument": POLICY},
        {"PolicyDocument": bulky(2048)},
        "LimitExceeded",
    ),
    ("iam", "CreatePolicy", MANAGED, {"PolicyDocument": bulky(6144)}, "LimitExceeded"),
    ("iam", "PutRolePolicy", INLINE, {"PolicyDocument": bulky(10_240)}, "LimitExceeded"),
    ("iam", "PutRolePolicy", INLINE, {"PolicyDocument": "[]"}, "MalformedPolicyDocument"),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/a", "TargetKeyId": "k"},
        {"AliasName": "a"},
        "ValidationException",
    ),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/a", "TargetKeyId": "k"},
        {"AliasName": "alias/aws/s3"},
        "NotAuthorizedException",
    ),
    ("secretsmanager", "CreateSecret", {"Name": "a/b"}, {"Name": "a b"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Name": "/AWS/x"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Name": "a b"}, "ValidationException"),
    ("ssm", "PutParameter", PARAMETER, {"Value": "x" * 4097}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"KeySchema": None}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"AttributeDefinitions": None}, "ValidationException"),
    ("dynamodb", "CreateTable", TABLE, {"TableName": "ab"}, "ValidationException"),
    ("s3", "CreateBucket", {"Bucket": "payments"}, {"Bucket": "Payments"}, "InvalidBucketName"),
    ("kms", "CreateKey", {"Policy": POLICY}, {"Policy": "{"}, "MalformedPolicyDocumentException"),
    (
        "kms",
        "PutKeyPolicy",
        {"KeyId": "k", "Policy": POLICY},
        {"Policy": "{"},
        "MalformedPolicyDocumentException",
    ),
    ("iam", "CreatePolicy", MANAGED, {"PolicyDocument": "x"}, "MalformedPolicyDocument"),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "b", "Tagging": {"TagSet": tags()}},
        {"Tagging": {"TagSet": tags(1, "aws:")}},
        "InvalidTag",
    ),
]
