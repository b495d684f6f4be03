"""What the account is like: seasoned or new, its quotas, and the regions that are enabled.

Quotas by their codes and defaults: RDS's from
docs.aws.amazon.com/general/latest/gr/rds-service.html, Lambda's from "Lambda quotas" in its guide
(code: service-quota.tf of NHSDigital/national-document-repository-infrastructure), VPCs' from
moto's copy of Service Quotas' own answers, the addresses' from "Amazon VPC quotas" in its guide;
the codes of addresses and of load balancers are those of several public checks of quotas. What a
new account starts with: Lambda's 10 (awslabs/fhir-works-on-aws-deployment#691,
DataDog/datadog-serverless-functions#621); for the rest AWS's defaults. What a seasoned account had
raised is assumed: so far that it is in nobody's way.
"""

from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS

NEW, SEASONED = "new", "seasoned"
ADDRESSES, VPCS = ("ec2", "L-0263D0A3"), ("vpc", "L-F678F1CE")
NATS, GATEWAYS = ("vpc", "L-FE5A380F"), ("vpc", "L-A4707A72")
CONCURRENCY = ("lambda", "L-B99A9384")
CLUSTERS = ("rds", "L-952B80B8")

NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "elasticloadbalancing": "Elastic Load Balancing (ELB)",
    "lambda": "AWS Lambda",
    "rds": "Amazon Relational Database Service (Amazon RDS)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}
OF_VPCS = {("vpc", each["QuotaCode"]): each for each in VPC_DEFAULT_QUOTAS}
# AWS's defaults.
DEFAULTS = {
    ADDRESSES: ("EC2-VPC Elastic IPs", 5),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50),
    ("elasticloadbalancing", "L-B22855CB"): ("Target Groups per Region", 3000),
    CONCURRENCY: ("Concurrent executions", 1000),
    ("rds", "L-7B6409FD"): ("DB instances", 40),
    CLUSTERS: ("DB clusters", 40),
    ("rds", "L-E4C808A8"): ("DB cluster parameter groups", 50),
    **{quota: (each["QuotaName"], each["Value"]) for quota, each in OF_VPCS.items()},
}
OF_NEW = {CONCURRENCY: 10}
OF_SEASONED = {quota: 5000 for quota in (ADDRESSES, VPCS, NATS, GATEWAYS, CLUSTERS)}


class Account:
    """The account that everything is in."""

    def __init__(self):
        self.kind = SEASONED
        # Beside those that every account has.
        self.regions = set()

    def quota(self, quota):
        """The value that counts."""
        own = OF_NEW if self.kind == NEW else OF_SEASONED
        return own.get(quota, DEFAULTS[quota][1])


account = Account()
