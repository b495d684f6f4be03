#!/usr/bin/env python3
"""Collects what docs/first-run.md asks to look at: a folder with a file for each question.

    python3 scripts/first_run.py --suffix dev --region us-east-1 [--out FOLDER] [alarm trail …]

Reads only: whatever is not in CALLS is refused here, and nothing in it changes anything or answers
a secret. Account ids, keys, addresses of mail and what is named like a secret are left out of what
is written. Needs boto3, and credentials as the AWS CLI has them.
"""

import argparse
import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

import first_run_redact
from first_run_calls import CALLS

# How many of a list are looked at one by one: a question is about one environment.
MOST = 25
# What limits a list to its beginning; every other one is read whole.
LIMITED = {"MaxKeys", "MaxRecords", "limit"}


class Asker:
    """Asks AWS one question's calls, and keeps what was asked and answered."""

    def __init__(self, session, endpoint, suffix):
        self.session, self.endpoint, self.suffix = session, endpoint, suffix
        self.clients, self.asked = {}, []

    def __call__(self, service, operation, **arguments):
        """What AWS answers; nothing where it refuses, which is evidence as well."""
        answer = self.answer(service, operation, arguments)
        self.asked.append([service, operation, arguments, answer])
        return {} if "failed" in answer else answer

    def ours(self, service, operation, key, *names, **arguments):
        """Those of a list that carry the suffix in one of these names; of the others only the number."""
        answer = self.answer(service, operation, arguments)
        found = [item for item in answer.get(key, []) if any(self.carries(item.get(name)) for name in names)]
        if "failed" not in answer:
            answer = {key: found, "others": len(answer.get(key, [])) - len(found)}
        self.asked.append([service, operation, arguments, answer])
        return found[:MOST]

    def carries(self, name):
        return re.search(rf"(?:^|[-/:]){re.escape(self.suffix)}(?:$|[-/:])", name or "")

    def answer(self, service, operation, arguments):
        if (service, operation) not in CALLS:
            raise PermissionError(f"{service} {operation} is not among the calls of this script")
        try:
            client = self.client(service)
            if client.can_paginate(operation) and not LIMITED & set(arguments):
                answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
            else:
                answer = getattr(client, operation)(**arguments)
        except Exception as error:  # noqa: BLE001 - every failure is an answer here
            return {"failed": f"{type(error).__name__}: {error}"}
        answer.pop("ResponseMetadata", None)
        return answer

    def client(self, service):
        if service not in self.clients:
            options = {"endpoint_url": self.endpoint} if self.endpoint else {}
            self.clients[service] = self.session.client(service, **options)
        return self.clients[service]

    def tagged(self):
        return [{"Name": "tag:payctl:suffix", "Values": [self.suffix]}]


def alarm(ask):
    for seen in ask.ours("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"):
        ask("cloudwatch", "describe_alarm_history", AlarmName=seen["AlarmName"], HistoryItemType="Action")
    for seen in ask.ours("sns", "list_topics", "Topics", "TopicArn"):
        ask("sns", "get_topic_attributes", TopicArn=seen["TopicArn"])
    keys(ask)


def keys(ask):
    for seen in ask.ours("kms", "list_aliases", "Aliases", "AliasName"):
        if "TargetKeyId" in seen:
            ask("kms", "get_key_policy", KeyId=seen["TargetKeyId"], PolicyName="default")


def buckets(ask, part=""):
    found = ask.ours("s3", "list_buckets", "Buckets", "Name")
    return [bucket["Name"] for bucket in found if part in bucket["Name"]]


def written(ask, bucket, prefix=""):
    ask("s3", "get_bucket_policy", Bucket=bucket)
    ask("s3", "get_bucket_encryption", Bucket=bucket)
    ask("s3", "list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=5)


def balancers(ask):
    return ask.ours("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName")


def balancer_log(ask):
    for seen in balancers(ask):
        ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=seen["LoadBalancerArn"])
    for bucket in buckets(ask, "alb-logs"):
        written(ask, bucket)


def trail(ask):
    for seen in ask.ours("cloudtrail", "describe_trails", "trailList", "Name"):
        ask("cloudtrail", "get_trail_status", Name=seen["TrailARN"])
    for bucket in buckets(ask, "cloudtrail"):
        written(ask, bucket)
    keys(ask)


def uploads(ask):
    for bucket in buckets(ask):
        written(ask, bucket, "first-run/")


def api(ask):
    for seen in ask.ours("apigatewayv2", "get_apis", "Items", "Name"):
        ask("apigatewayv2", "get_integrations", ApiId=seen["ApiId"])
    ask("apigatewayv2", "get_vpc_links")
    for seen in balancers(ask):
        ask("elbv2", "describe_listeners", LoadBalancerArn=seen["LoadBalancerArn"])
    for seen in ask.ours("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"):
        ask("elbv2", "describe_target_health", TargetGroupArn=seen["TargetGroupArn"])


def role(ask):
    for seen in ask.ours("lambda", "list_functions", "Functions", "FunctionName"):
        found = ask("lambda", "get_function_configuration", FunctionName=seen["FunctionName"])
        if found.get("Role"):
            ask("iam", "get_role", RoleName=found["Role"].rsplit("/", 1)[-1])
        if found.get("KMSKeyArn"):
            ask("kms", "list_grants", KeyId=found["KMSKeyArn"])


def listed(ask):
    ask("resourcegroupstaggingapi", "get_resources", TagFilters=[{"Key": "payctl:suffix", "Values": [ask.suffix]}])


def duplicates(ask):
    ask("ec2", "describe_vpcs", Filters=ask.tagged())
    ask("ec2", "describe_security_groups", Filters=ask.tagged())
    listed(ask)


def cost_alert(ask):
    ask("ce", "get_anomaly_monitors")
    ask("ce", "get_anomaly_subscriptions")
    ask("events", "list_rules", NamePrefix="cost-anomaly")


def waf_log(ask):
    for seen in ask.ours("wafv2", "list_web_acls", "WebACLs", "Name", Scope="REGIONAL"):
        ask("wafv2", "get_logging_configuration", ResourceArn=seen["ARN"])
    ask("logs", "describe_resource_policies")
    groups(ask, "aws-waf-logs-")


def groups(ask, *prefixes):
    for prefix in prefixes:
        ask("logs", "describe_log_groups", logGroupNamePrefix=prefix)


def policy(ask):
    ask("sts", "get_caller_identity")
    ask.ours("iam", "list_policies", "Policies", "PolicyName", Scope="Local")


def quotas(ask):
    ask("lambda", "get_account_settings")
    for service in ("vpc", "ec2", "lambda", "rds"):
        ask("service-quotas", "list_service_quotas", ServiceCode=service)
    ask("ec2", "describe_addresses")


def first_use(ask):
    ask("iam", "list_roles", PathPrefix="/aws-service-role/")


def flow_log(ask):
    ask("ec2", "describe_flow_logs", Filters=ask.tagged())
    ask("logs", "describe_log_streams", logGroupName=f"/aws/vpc/flowlogs-{ask.suffix}", limit=5)


def rotation(ask):
    for seen in ask.ours("secretsmanager", "list_secrets", "SecretList", "Name"):
        ask("secretsmanager", "describe_secret", SecretId=seen["Name"])


def destroy(ask):
    for vpc in ask("ec2", "describe_vpcs", Filters=ask.tagged()).get("Vpcs", []):
        within = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        ask("ec2", "describe_network_interfaces", Filters=within)
        ask("ec2", "describe_vpc_endpoints", Filters=within)
        ask("ec2", "describe_security_groups", Filters=within)
    listed(ask)


def log_groups(ask):
    groups(ask, "/aws/lambda/", "/aws/rds/", "/aws/apigateway/", "/aws/vpc/", "API-Gateway-Execution-Logs")


def times(ask):
    ask("ec2", "describe_nat_gateways")
    ask("rds", "describe_events", Duration=1440)
    ask("autoscaling", "describe_scaling_activities", MaxRecords=20)


QUESTIONS = {
    "alarm": alarm,
    "balancer-log": balancer_log,
    "trail": trail,
    "uploads": uploads,
    "api": api,
    "role": role,
    "duplicates": duplicates,
    "cost-alert": cost_alert,
    "waf-log": waf_log,
    "policy": policy,
    "quotas": quotas,
    "first-use": first_use,
    "up": listed,
    "flow-log": flow_log,
    "rotation": rotation,
    "destroy": destroy,
    "log-groups": log_groups,
    "times": times,
}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--suffix", required=True, help="the environment's")
    parser.add_argument("--region", required=True)
    parser.add_argument("--profile", help="of the AWS configuration")
    parser.add_argument("--endpoint-url", help="where all calls go instead of AWS, such as the sandbox")
    parser.add_argument("--out", type=Path, help="a folder; first-run-SUFFIX-TIME unless it is named")
    parser.add_argument("questions", nargs="*", choices=[*QUESTIONS, []], default=[], metavar="QUESTION")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    import boto3  # Not needed by those who only want to know the questions.

    session = boto3.Session(profile_name=options.profile, region_name=options.region)
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    folder = options.out or Path(f"first-run-{options.suffix}-{now}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    redact = first_run_redact.Redact()
    for name in options.questions or QUESTIONS:
        ask = Asker(session, options.endpoint_url, options.suffix)
        QUESTIONS[name](ask)
        found = [
            {"service": service, "operation": operation, "asked": asked, "answer": answer}
            for service, operation, asked, answer in ask.asked
        ]
        text = json.dumps(redact({"at": now, "region": options.region, "calls": found}), indent=1)
        path = folder / f"{name}.json"
        path.write_text(text + "\n", encoding="utf-8")
        failed = sum("failed" in call["answer"] for call in found)
        print(f"{path}: {len(found)} calls, {failed} refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
