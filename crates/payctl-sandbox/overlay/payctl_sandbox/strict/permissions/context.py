"""The condition keys of a request, worked out when a policy asks for one.

Global keys are in "AWS global condition context keys" (IAM user guide); which of a service's keys
an action has, the reference says. A key that the action knows and the sandbox cannot tell is refused
loudly where a policy asks for it: guessing would allow or deny what AWS does not.
"""

import time
from datetime import datetime, timezone

from ...conditions import PolicyError
from . import reference, tags
from .needs import at

# Global keys that a request may lack, as no organization, federation or second factor is there, or
# because it is not a service that calls. The list is the guide's.
ABSENT = {
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:chatbotsourcearn",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:referer",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    # SNS's own, in the policy that a topic begins with: who owns what a service sends for. For a
    # caller's own request it lets nobody in, as publishers need sns:Publish beside that policy.
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
}
S3_HEADERS = {
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-object-ownership": "ObjectOwnership",
    "s3:object-lock-mode": "ObjectLockMode",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read": "GrantRead",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:x-amz-grant-write": "GrantWrite",
    "s3:x-amz-grant-write-acp": "GrantWriteACP",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:versionid": "VersionId",
    "s3:locationconstraint": "CreateBucketConfiguration.LocationConstraint",
}
# Keys that are a parameter of the request, as it is.
PARAMETERS = {
    **S3_HEADERS,
    "iam:policyarn": "PolicyArn",
    "iam:awsservicename": "AWSServiceName",
    "kms:bypasspolicylockoutsafetycheck": "BypassPolicyLockoutSafetyCheck",
    "kms:encryptioncontext:": "EncryptionContext",
    "kms:grantoperations": "Operations",
    "kms:granteeprincipal": "GranteePrincipal",
    "kms:retiringprincipal": "RetiringPrincipal",
    "kms:keyspec": "KeySpec",
    "kms:keyusage": "KeyUsage",
    "kms:multiregion": "MultiRegion",
    "kms:schedulekeydeletionpendingwindowindays": "PendingWindowInDays",
    "secretsmanager:name": "Name",
    "secretsmanager:description": "Description",
    "secretsmanager:kmskeyid": "KmsKeyId",
    "secretsmanager:versionid": "VersionId",
    "secretsmanager:versionstage": "VersionStage",
    "secretsmanager:rotationlambdaarn": "RotationLambdaARN",
    "secretsmanager:rotateimmediately": "RotateImmediately",
    "secretsmanager:recoverywindowindays": "RecoveryWindowInDays",
    "secretsmanager:forcedeletewithoutrecovery": "ForceDeleteWithoutRecovery",
    "sns:endpoint": "Endpoint",
    "sns:protocol": "Protocol",
    "lambda:functionarn": "FunctionName",
    "lambda:principal": "Principal",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:layer": "Layers",
    "lambda:subnetids": "VpcConfig.SubnetIds",
    "lambda:securitygroupids": "VpcConfig.SecurityGroupIds",
    "rds:databaseengine": "Engine",
    "rds:databasename": "DatabaseName",
    "rds:databaseclass": "DBInstanceClass",
    "rds:storageencrypted": "StorageEncrypted",
    "rds:managemasteruserpassword": "ManageMasterUserPassword",
    "rds:publiclyaccessible": "PubliclyAccessible",
    "ssm:overwrite": "Overwrite",
    "elasticloadbalancing:scheme": "Scheme",
    "elasticloadbalancing:securitygroup": "SecurityGroups",
    "elasticloadbalancing:subnet": "Subnets",
    "elasticloadbalancing:listenerprotocol": "Protocol",
    "elasticloadbalancing:securitypolicy": "SslPolicy",
    "dynamodb:select": "Select",
    "dynamodb:returnvalues": "ReturnValues",
    "dynamodb:returnconsumedcapacity": "ReturnConsumedCapacity",
    "ec2:vpceservicename": "ServiceName",
    "events:targetarn": "Targets.Arn",
    "wafv2:logdestinationresource": "LoggingConfiguration.LogDestinationConfigs",
    "cloudwatch:namespace": "Namespace",
    "cloudwatch:alarmactions": "AlarmActions",
    "autoscaling:maxsize": "MaxSize",
    "autoscaling:minsize": "MinSize",
    "sts:externalid": "ExternalId",
    "sts:rolesessionname": "RoleSessionName",
    "iam:passedtoservice": "",
    "kms:grantisforawsresource": "",
    "ec2:createaction": "",
    "elasticloadbalancing:createaction": "",
}
# The parts of one upload carry no headers about encryption: those of its start hold for them.
UPLOADING = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
TAGS_OF_RESOURCE = (
    "aws:resourcetag/",
    "ec2:resourcetag/",
    "iam:resourcetag/",
    "secretsmanager:resourcetag/",
    "elasticloadbalancing:resourcetag/",
    "autoscaling:resourcetag/",
    "ssm:resourcetag/",
    "s3:existingobjecttag/",
)


class Context:
    """The condition keys of one need, on one resource."""

    def __init__(self, call, caller, need, kind, arn, place):
        self.call = call
        self.caller = caller
        self.need = need
        self.kind = kind
        self.arn = arn
        self.place = place
        self.worked_out = dict(need.keys)

    def get(self, key):
        """The value of a condition key in lower case: text, a list of texts, or None."""
        if key not in self.worked_out:
            self.worked_out[key] = self._find(key)
        return self.worked_out[key]

    def _find(self, key):
        if key.startswith("aws:"):
            return self._global(key)
        if key in ACROSS:
            return ACROSS[key](self)
        if not reference.knows(self.need.action, self.kind, key):
            if not reference.matches(key, reference.known_keys()):
                raise PolicyError(f"there is no condition key {key}")
            return None
        return self._of_service(key)

    def _global(self, key):
        if key.startswith("aws:resourcetag/"):
            return self._of_service(key) if self._knows(key) else None
        if key.startswith("aws:requesttag/") or key == "aws:tagkeys":
            return self._request_tag(key) if self._knows(key) else None
        if key.startswith("aws:principaltag/"):
            return tags.named(self.caller.tags, key.partition("/")[2])
        if key in GLOBAL:
            return GLOBAL[key](self)
        if key in ABSENT:
            return None
        raise PolicyError(f"there is no condition key {key}")

    def _knows(self, key):
        return reference.knows(self.need.action, self.kind, key)

    def _request_tag(self, key):
        found = tags.of_request(self.call, self.kind)
        if key == "aws:tagkeys":
            return list(found) if found else None
        return tags.named(found, key.partition("/")[2])

    def _of_service(self, key):
        if key.startswith(TAGS_OF_RESOURCE):
            return tags.named(tags.of_resource(self.arn, self.place), key.partition("/")[2])
        if key in OF_SERVICES:
            return OF_SERVICES[key](self)
        for name, path in PARAMETERS.items():
            if name.endswith(":") and key.startswith(name) and not self.need.via:
                values = at(self.call.parameters, path)
                inside = {k.lower(): v for k, v in values[0].items()} if values else {}
                return inside.get(key.removeprefix(name))
        if key.startswith("kms:encryptioncontext"):
            return None
        if key.startswith("s3:x-amz-server-side-encryption") and self.call.operation in UPLOADING:
            return tags.of_upload(self.call, key, self.place)
        path = PARAMETERS.get(key)
        if path is None:
            raise PolicyError(
                f"the sandbox cannot tell the condition key {key} of {self.need.action}"
            )
        # What a service asks for in the caller's name has none of the caller's parameters.
        values = at(self.call.parameters, path) if path and not self.need.via else []
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        return texts if len(texts) > 1 else (texts[0] if texts else None)


def _via(context):
    via = context.need.via
    if not via:
        return None
    # Amazon's suffix is the same in every partition (KMS developer guide, "kms:ViaService").
    return f"{via}.{context.place.region}.amazonaws.com"


def _leading_keys(context):
    """The partition keys of the items that are asked for, as far as the request has them."""
    return tags.leading_keys(context.call, context.place)


# Keys of one service that requests to all of them carry (the guide's cross-service keys).
ACROSS = {"lambda:sourcefunctionarn": lambda c: c.caller.function}
GLOBAL = {
    "aws:currenttime": lambda c: datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda c: str(int(time.time())),
    "aws:principalaccount": lambda c: c.place.account,
    "aws:principalarn": lambda c: c.caller.principal_arn,
    "aws:principalisawsservice": lambda c: "false",
    "aws:principaltype": lambda c: "AssumedRole" if c.caller.role_arn else "User",
    "aws:requestedregion": lambda c: c.place.region,
    "aws:resourceaccount": lambda c: c.place.account,
    # The sandbox is plain HTTP on the loopback; policies see what AWS's would see.
    "aws:securetransport": lambda c: "true",
    "aws:sourceip": lambda c: None if c.need.via or c.get("aws:sourcevpce") else "127.0.0.1",
    "aws:sourcevpc": lambda c: c.worked_out.get("endpoint.vpc"),
    "aws:sourcevpce": lambda c: c.worked_out.get("endpoint.id"),
    "aws:tokenissuetime": lambda c: (
        datetime.fromtimestamp(c.caller.issued, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        if c.caller.issued
        else None
    ),
    "aws:useragent": lambda c: c.call.agent,
    "aws:userid": lambda c: c.caller.user_id,
    "aws:username": lambda c: c.caller.user_name,
    "aws:viaawsservice": lambda c: str(bool(c.need.via)).lower(),
}
OF_SERVICES = {
    "dynamodb:leadingkeys": _leading_keys,
    "dynamodb:attributes": lambda c: tags.attributes(c.call),
    "ec2:region": lambda c: c.place.region,
    "ec2:vpc": lambda c: tags.vpc_of(c.arn, c.place),
    "ec2:vpcid": lambda c: c.arn.rsplit("/", 1)[-1],
    # The boundary that is asked for, else the one that the role has.
    "iam:permissionsboundary": lambda c: tags.boundary(c.call, c.arn, c.place),
    "kms:calleraccount": lambda c: c.place.account,
    "kms:encryptioncontextkeys": lambda c: (
        list((at(c.call.parameters, "EncryptionContext") or [{}])[0]) or None
    ),
    "kms:requestalias": lambda c: next(
        (v for v in at(c.call.parameters, "KeyId") if v.startswith("alias/")), None
    ),
    "kms:viaservice": _via,
    "s3:authtype": lambda c: "REST-HEADER",
    "s3:resourceaccount": lambda c: c.place.account,
    "s3:signatureversion": lambda c: "AWS4-HMAC-SHA256",
    "s3:tlsversion": lambda c: "1.3",
    "secretsmanager:secretid": lambda c: c.arn,
    "secretsmanager:secretprimaryregion": lambda c: c.place.region,
    "secretsmanager:resource/allowrotationlambdaarn": lambda c: tags.rotation_function(
        c.arn, c.place
    ),
}
