"""Single defects, each a call that breaks one thing of a deployed system, as somebody at a console would.

Each names the check of prowler's that has to find it, and what the report names; which controls of
payctl's that is, the controls say themselves.
"""

import json
from dataclasses import dataclass
from typing import Callable

ACCOUNT = "123456789012"
WORLD = "0.0.0.0/0"


@dataclass
class Defect:
    """One defect: what plants it answers what names the resource in prowler's report."""

    check: str
    system: str
    plant: Callable

    @property
    def name(self):
        return self.plant.__name__.replace("_", " ")


DEFECTS = []


def defect(check, system):
    """Marks a function as what plants a defect."""

    def mark(plant):
        DEFECTS.append(Defect(check, system, plant))
        return plant

    return mark


def bucket(suffix, name):
    return f"{name}-{suffix}-{ACCOUNT}"


def first(pages, *names):
    """The first of a list, which may be nested."""
    for name in names:
        pages = pages[name]
    if not pages:
        raise LookupError(f"there is none in {names}")
    return pages[0]


def of(suffix, items, name=lambda one: one):
    """The first of these whose name ends as the environment's do."""
    for one in items:
        if name(one).endswith(f"-{suffix}"):
            return one
    raise LookupError(f"there is none of {suffix}")


def paged(client, operation, member, **options):
    """All items of a list that comes in pages."""
    return (one for page in client.get_paginator(operation).paginate(**options) for one in page[member])


def group(aws, suffix, name):
    """A security group of the environment by its tag."""
    filters = [
        {"Name": "tag:payctl:suffix", "Values": [suffix]},
        {"Name": "tag:payctl:id", "Values": [f"ec2.security_group:{name}"]},
    ]
    return first(aws.ec2.describe_security_groups(Filters=filters), "SecurityGroups")["GroupId"]


def vpc(aws, suffix):
    filters = [{"Name": "tag:payctl:suffix", "Values": [suffix]}]
    return first(aws.ec2.describe_vpcs(Filters=filters), "Vpcs")["VpcId"]


def let_in(aws, to, port, protocol="tcp"):
    rule = {"IpProtocol": protocol, "IpRanges": [{"CidrIp": WORLD, "Description": "planted"}]}
    if protocol != "-1":
        rule |= {"FromPort": port, "ToPort": port}
    aws.ec2.authorize_security_group_ingress(GroupId=to, IpPermissions=[rule])
    return to


def key(aws, suffix):
    aliases = paged(aws.kms, "list_aliases", "Aliases")
    return of(suffix, aliases, lambda one: one["AliasName"])["TargetKeyId"]


def public(actions, resource):
    statement = {"Sid": "Planted", "Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource}
    return statement


def with_statement(policy, statement):
    policy = json.loads(policy)
    policy["Statement"].append(statement)
    return json.dumps(policy)


def without(policy, keep):
    policy = json.loads(policy)
    policy["Statement"] = [one for one in policy["Statement"] if keep(one)]
    return json.dumps(policy)


# Storage.


@defect("s3_bucket_level_public_access_block", "pci-core")
def a_bucket_without_its_block_of_public_access(aws, suffix):
    name = bucket(suffix, "payment-files")
    aws.s3.delete_public_access_block(Bucket=name)
    return name


@defect("s3_bucket_object_versioning", "pci-core")
def a_bucket_without_versions(aws, suffix):
    name = bucket(suffix, "payment-files")
    aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    return name


@defect("s3_bucket_kms_encryption", "secure-api")
def a_bucket_with_keys_of_s3(aws, suffix):
    name = bucket(suffix, "payment-docs")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return name


@defect("s3_bucket_secure_transport_policy", "secure-api")
def a_bucket_that_takes_plain_http(aws, suffix):
    name = bucket(suffix, "payment-docs")
    text = aws.s3.get_bucket_policy(Bucket=name)["Policy"]
    kept = without(text, lambda one: "aws:SecureTransport" not in json.dumps(one))
    aws.s3.put_bucket_policy(Bucket=name, Policy=kept)
    return name


@defect("s3_bucket_lifecycle_enabled", "pci-core")
def a_bucket_whose_objects_never_go(aws, suffix):
    name = bucket(suffix, "payment-cloudtrail")
    aws.s3.delete_bucket_lifecycle(Bucket=name)
    return name


@defect("s3_bucket_server_access_logging_enabled", "secure-api")
def a_bucket_without_a_log(aws, suffix):
    name = bucket(suffix, "payment-docs")
    aws.s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
    return name


@defect("s3_bucket_acl_prohibited", "cost-optimized")
def a_bucket_with_access_lists(aws, suffix):
    name = bucket(suffix, "payment-audit-logs")
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    aws.s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=controls)
    return name


@defect("s3_bucket_event_notifications_enabled", "cost-optimized")
def a_bucket_that_tells_nobody(aws, suffix):
    name = bucket(suffix, "payment-audit-logs")
    aws.s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={})
    return name


@defect("s3_bucket_policy_public_write_access", "cost-optimized")
def a_bucket_into_which_everybody_writes(aws, suffix):
    name = bucket(suffix, "payment-audit-logs")
    text = aws.s3.get_bucket_policy(Bucket=name)["Policy"]
    aws.s3.delete_public_access_block(Bucket=name)
    open_to_all = public("s3:PutObject", f"arn:aws:s3:::{name}/*")
    aws.s3.put_bucket_policy(Bucket=name, Policy=with_statement(text, open_to_all))
    return name


# Keys.


@defect("kms_cmk_rotation_enabled", "pci-core")
def a_key_that_does_not_rotate(aws, suffix):
    name = key(aws, suffix)
    aws.kms.disable_key_rotation(KeyId=name)
    return name


@defect("kms_key_not_publicly_accessible", "secure-api")
def a_key_for_everybody(aws, suffix):
    name = key(aws, suffix)
    text = aws.kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"]
    changed = with_statement(text, public("kms:*", "*"))
    aws.kms.put_key_policy(KeyId=name, PolicyName="default", Policy=changed)
    return name


@defect("kms_cmk_not_deleted_unintentionally", "cost-optimized")
def a_key_that_waits_for_its_deletion(aws, suffix):
    name = key(aws, suffix)
    aws.kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    return name


# Network.


@defect("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22", "pci-core")
def ssh_from_everywhere(aws, suffix):
    return let_in(aws, group(aws, suffix, "payment-processor"), 22)


@defect("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389", "secure-api")
def rdp_from_everywhere(aws, suffix):
    return let_in(aws, group(aws, suffix, "payment-processor"), 3389)


@defect("ec2_securitygroup_allow_ingress_from_internet_to_all_ports", "cost-optimized")
def every_port_from_everywhere(aws, suffix):
    return let_in(aws, group(aws, suffix, "instances"), 0, "-1")


@defect("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_postgres_5432", "migration")
def the_database_from_everywhere(aws, suffix):
    return let_in(aws, group(aws, suffix, "database"), 5432)


@defect("ec2_securitygroup_default_restrict_traffic", "migration")
def a_default_group_with_a_rule(aws, suffix):
    filters = [
        {"Name": "vpc-id", "Values": [vpc(aws, suffix)]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    name = first(aws.ec2.describe_security_groups(Filters=filters), "SecurityGroups")["GroupId"]
    return let_in(aws, name, 443)


@defect("vpc_flow_logs_enabled", "secure-api")
def a_network_without_flow_logs(aws, suffix):
    name = vpc(aws, suffix)
    logs = aws.ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [name]}])
    aws.ec2.delete_flow_logs(FlowLogIds=[first(logs, "FlowLogs")["FlowLogId"]])
    return name


@defect("vpc_subnet_no_public_ip_by_default", "pci-core")
def a_subnet_that_hands_out_addresses(aws, suffix):
    subnets = aws.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc(aws, suffix)]}])
    name = first(subnets, "Subnets")["SubnetId"]
    aws.ec2.modify_subnet_attribute(SubnetId=name, MapPublicIpOnLaunch={"Value": True})
    return name


@defect("ec2_networkacl_allow_ingress_tcp_port_22", "pci-core")
def a_network_list_that_lets_ssh_in(aws, suffix):
    acls = aws.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc(aws, suffix)]}])
    name = first(acls, "NetworkAcls")["NetworkAclId"]
    aws.ec2.create_network_acl_entry(
        NetworkAclId=name, RuleNumber=7, Protocol="6", RuleAction="allow", Egress=False,
        CidrBlock=WORLD, PortRange={"From": 22, "To": 22},
    )
    return name


@defect("vpc_endpoint_connections_trust_boundaries", "pci-core")
def an_endpoint_for_everybody(aws, suffix):
    endpoints = aws.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc(aws, suffix)]}])
    name = first(endpoints, "VpcEndpoints")["VpcEndpointId"]
    document = {"Version": "2012-10-17", "Statement": [public("*", "*")]}
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, PolicyDocument=json.dumps(document))
    return name


# Logs.


@defect("cloudtrail_log_file_validation_enabled", "pci-core")
def a_trail_without_validation(aws, suffix):
    name = f"payment-trail-{suffix}"
    aws.cloudtrail.update_trail(Name=name, EnableLogFileValidation=False)
    return name


@defect("cloudtrail_multi_region_enabled", "pci-core")
def a_trail_that_stands_still(aws, suffix):
    name = f"payment-trail-{suffix}"
    aws.cloudtrail.stop_logging(Name=name)
    # The report is of the region then, as no trail is left.
    return ":trail"


@defect("cloudwatch_log_group_retention_policy_specific_days_enabled", "pci-core")
def a_log_that_goes_after_a_day(aws, suffix):
    name = log_group(aws, suffix)
    aws.logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    return name


@defect("cloudwatch_log_group_kms_encryption_enabled", "secure-api")
def a_log_without_a_key(aws, suffix):
    name = log_group(aws, suffix)
    aws.logs.disassociate_kms_key(logGroupName=name)
    return name


@defect("cloudwatch_alarm_actions_enabled", "pci-core")
def an_alarm_that_does_nothing(aws, suffix):
    alarms = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    name = of(suffix, (alarm["AlarmName"] for alarm in alarms))
    aws.cloudwatch.disable_alarm_actions(AlarmNames=[name])
    return name


@defect("cloudwatch_log_metric_filter_root_usage", "pci-core")
def nobody_looks_for_the_root(aws, suffix):
    filters = paged(aws.logs, "describe_metric_filters", "metricFilters")
    one = next(one for one in filters if 'userIdentity.type="Root"' in one["filterPattern"])
    aws.logs.delete_metric_filter(logGroupName=one["logGroupName"], filterName=one["filterName"])
    # The report is of the account then, as no filter is left.
    return ACCOUNT


def log_group(aws, suffix):
    groups = paged(aws.logs, "describe_log_groups", "logGroups", logGroupNamePrefix="/aws/lambda/")
    return of(suffix, (one["logGroupName"] for one in groups))


# Functions and roles.


def function(aws, suffix):
    return of(suffix, (one["FunctionName"] for one in paged(aws.lambda_, "list_functions", "Functions")))


@defect("awslambda_function_not_publicly_accessible", "secure-api")
def a_function_for_everybody(aws, suffix):
    name = function(aws, suffix)
    aws.lambda_.add_permission(
        FunctionName=name, StatementId="planted", Action="lambda:InvokeFunction", Principal="*"
    )
    return name


@defect("awslambda_function_url_public", "cost-optimized")
def a_function_with_an_open_url(aws, suffix):
    name = function(aws, suffix)
    aws.lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")
    return name


@defect("awslambda_function_no_secrets_in_variables", "migration")
def a_secret_in_a_variable(aws, suffix):
    name = function(aws, suffix)
    variables = {"DB_PASSWORD": "Tr0ub4dor&3-horse-Staple"}
    aws.lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    return name


@defect("awslambda_function_env_vars_not_encrypted_with_cmk", "pci-core")
def variables_without_a_key(aws, suffix):
    name = function(aws, suffix)
    aws.lambda_.update_function_configuration(FunctionName=name, KMSKeyArn="")
    return name


def role(aws, suffix):
    return of(suffix, (one["RoleName"] for one in paged(aws.iam, "list_roles", "Roles")))


@defect("iam_role_administratoraccess_policy", "pci-core")
def a_role_that_may_do_everything(aws, suffix):
    name = role(aws, suffix)
    aws.iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return name


def put_role_policy(aws, suffix, action):
    name = role(aws, suffix)
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    aws.iam.put_role_policy(RoleName=name, PolicyName="planted", PolicyDocument=json.dumps(document))
    return name


@defect("iam_inline_policy_no_administrative_privileges", "secure-api")
def a_role_of_its_own_that_may_do_everything(aws, suffix):
    return put_role_policy(aws, suffix, "*")


@defect("iam_inline_policy_no_full_access_to_kms", "cost-optimized")
def a_role_with_every_key(aws, suffix):
    return put_role_policy(aws, suffix, "kms:*")


@defect("iam_inline_policy_no_full_access_to_cloudtrail", "migration")
def a_role_with_every_trail(aws, suffix):
    return put_role_policy(aws, suffix, "cloudtrail:*")


# Tables, databases, secrets.


def table(aws, suffix):
    return of(suffix, aws.dynamodb.list_tables()["TableNames"])


@defect("dynamodb_tables_pitr_enabled", "pci-core")
def a_table_without_backups(aws, suffix):
    name = table(aws, suffix)
    off = {"PointInTimeRecoveryEnabled": False}
    aws.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=off)
    return name


@defect("dynamodb_table_deletion_protection_enabled", "secure-api")
def a_table_that_can_be_deleted(aws, suffix):
    name = table(aws, suffix)
    aws.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    return name


def cluster(aws, suffix):
    return of(suffix, (one["DBClusterIdentifier"] for one in aws.rds.describe_db_clusters()["DBClusters"]))


@defect("rds_cluster_deletion_protection", "migration")
def a_database_that_can_be_deleted(aws, suffix):
    name = cluster(aws, suffix)
    aws.rds.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False)
    return name


@defect("rds_cluster_iam_authentication_enabled", "migration")
def a_database_with_passwords_only(aws, suffix):
    name = cluster(aws, suffix)
    aws.rds.modify_db_cluster(DBClusterIdentifier=name, EnableIAMDatabaseAuthentication=False)
    return name


def instance(aws, suffix):
    return of(suffix, (one["DBInstanceIdentifier"] for one in aws.rds.describe_db_instances()["DBInstances"]))


@defect("rds_instance_no_public_access", "migration")
def a_database_in_public(aws, suffix):
    name = instance(aws, suffix)
    aws.rds.modify_db_instance(DBInstanceIdentifier=name, PubliclyAccessible=True)
    return name


@defect("rds_instance_minor_version_upgrade_enabled", "migration")
def a_database_that_stays_as_it_is(aws, suffix):
    name = instance(aws, suffix)
    aws.rds.modify_db_instance(DBInstanceIdentifier=name, AutoMinorVersionUpgrade=False)
    return name


def secret(aws, suffix):
    return of(suffix, aws.secretsmanager.list_secrets()["SecretList"], lambda one: one["Name"])["ARN"]


@defect("secretsmanager_automatic_rotation_enabled", "migration")
def a_secret_that_does_not_rotate(aws, suffix):
    name = secret(aws, suffix)
    aws.secretsmanager.cancel_rotate_secret(SecretId=name)
    return name


@defect("secretsmanager_not_publicly_accessible", "migration")
def a_secret_for_everybody(aws, suffix):
    name = secret(aws, suffix)
    document = {"Version": "2012-10-17", "Statement": [public("secretsmanager:GetSecretValue", "*")]}
    aws.secretsmanager.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(document))
    return name


# Messages and edges.


def topic(aws, suffix):
    return of(suffix, (one["TopicArn"] for one in aws.sns.list_topics()["Topics"]))


@defect("sns_topics_kms_encryption_at_rest_enabled", "pci-core")
def a_topic_without_a_key(aws, suffix):
    name = topic(aws, suffix)
    aws.sns.set_topic_attributes(TopicArn=name, AttributeName="KmsMasterKeyId", AttributeValue="")
    return name


@defect("sns_topics_not_publicly_accessible", "secure-api")
def a_topic_for_everybody(aws, suffix):
    name = topic(aws, suffix)
    document = {"Version": "2012-10-17", "Statement": [public("sns:Publish", name)]}
    aws.sns.set_topic_attributes(TopicArn=name, AttributeName="Policy", AttributeValue=json.dumps(document))
    return name


def queue(aws, suffix):
    return of(suffix, aws.sqs.list_queues()["QueueUrls"])


@defect("sqs_queues_server_side_encryption_enabled", "cost-optimized")
def a_queue_without_a_key(aws, suffix):
    name = queue(aws, suffix)
    attributes = {"KmsMasterKeyId": "", "SqsManagedSseEnabled": "false"}
    aws.sqs.set_queue_attributes(QueueUrl=name, Attributes=attributes)
    return name.rsplit("/", 1)[1]


@defect("sqs_queues_not_publicly_accessible", "pci-core")
def a_queue_for_everybody(aws, suffix):
    name = queue(aws, suffix)
    document = {"Version": "2012-10-17", "Statement": [public("sqs:SendMessage", "*")]}
    aws.sqs.set_queue_attributes(QueueUrl=name, Attributes={"Policy": json.dumps(document)})
    return name.rsplit("/", 1)[1]


def balancer(aws, suffix):
    balancers = aws.elbv2.describe_load_balancers()["LoadBalancers"]
    return of(suffix, balancers, lambda one: one["LoadBalancerName"])["LoadBalancerArn"]


def balancer_attribute(aws, suffix, name, value):
    arn = balancer(aws, suffix)
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": name, "Value": value}])
    return arn


@defect("elbv2_deletion_protection", "migration")
def a_load_balancer_that_can_be_deleted(aws, suffix):
    return balancer_attribute(aws, suffix, "deletion_protection.enabled", "false")


@defect("elbv2_logging_enabled", "migration")
def a_load_balancer_without_a_log(aws, suffix):
    return balancer_attribute(aws, suffix, "access_logs.s3.enabled", "false")


@defect("elbv2_alb_drop_invalid_header_fields_enabled", "migration")
def a_load_balancer_that_takes_any_header(aws, suffix):
    return balancer_attribute(aws, suffix, "routing.http.drop_invalid_header_fields.enabled", "false")


def stage(aws, suffix):
    api = of(suffix, aws.apigateway.get_rest_apis()["items"], lambda one: one["name"])["id"]
    return api, first(aws.apigateway.get_stages(restApiId=api), "item")["stageName"]


@defect("apigateway_restapi_tracing_enabled", "secure-api")
def a_stage_that_does_not_trace(aws, suffix):
    api, name = stage(aws, suffix)
    operation = {"op": "replace", "path": "/tracingEnabled", "value": "false"}
    aws.apigateway.update_stage(restApiId=api, stageName=name, patchOperations=[operation])
    return api


@defect("apigateway_restapi_waf_acl_attached", "secure-api")
def a_stage_without_a_firewall(aws, suffix):
    api, name = stage(aws, suffix)
    aws.wafv2.disassociate_web_acl(ResourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api}/stages/{name}")
    return api


@defect("wafv2_webacl_logging_enabled", "cost-optimized")
def a_firewall_without_a_log(aws, suffix):
    acls = aws.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    arn = of(suffix, acls, lambda one: one["Name"])["ARN"]
    aws.wafv2.delete_logging_configuration(ResourceArn=arn)
    return arn
