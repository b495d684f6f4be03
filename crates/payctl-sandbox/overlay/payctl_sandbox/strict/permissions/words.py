"""How services say that something is not allowed.

The text is IAM's (IAM user guide, "Troubleshooting access denied error messages", awsdocs,
2023-06-15); codes are each service's own.
"""

from ..refusal import Refusal
from .evaluate import ENDPOINT, IDENTITY

# EC2 API reference, "Error codes": UnauthorizedOperation.
EC2 = "UnauthorizedOperation"
# Codes that are not the protocol's usual one: S3's error responses, SNS's AuthorizationError (API
# reference, "Common errors" of Publish: AuthorizationError), and those of the query protocol.
CODES = {
    "ec2": (EC2, 403),
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDeniedException", 403),
}
# By protocol: "Common error types" in API references (AccessDenied, 403, for the query protocol;
# AccessDeniedException, 400, for JSON; REST-JSON answers 403 with it).
BY_PROTOCOL = {
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
}
# A key that the service may not use in the caller's name: the services' models (SQS
# KmsAccessDenied, SNS KMSAccessDeniedException).
OF_KEYS = {"sqs": "KMS.AccessDeniedException", "sns": "KMSAccessDenied"}
# What is said of credentials that nobody has: S3's and EC2's error codes, else IAM's common ones.
TOKENS = {"s3": "InvalidAccessKeyId", "ec2": "AuthFailure"}
TOKENS_BY_PROTOCOL = {"query": "InvalidClientTokenId"}


def denied(call, caller, need, resource, why):
    """The refusal of one need on one resource."""
    action = need.action
    if action.startswith("sns:"):
        # IAM's page shows SNS's actions so.
        action = f"SNS{action[3:]}"
    text = f"User: {caller.arn} is not authorized to perform: {action}"
    if resource != "*":
        text += f" on resource: {resource}"
    if why.explicit:
        article = "an" if why.sort == IDENTITY else "a"
        text += f" with an explicit deny in {article} {why.sort}"
    else:
        text += f" because no {why.sort} allows the {action} action"
    code, status = _code(call)
    if code == EC2:
        text = f"You are not authorized to perform this operation. {text}"
    if need.action.startswith("kms:") and need.via:
        code = OF_KEYS.get(call.service, code)
    return Refusal(code, text, status)


def _code(call):
    protocol = call.model.service_model.protocol if call.model else "json"
    return CODES.get(call.service) or BY_PROTOCOL.get(protocol, ("AccessDeniedException", 403))


def unknown_token(call):
    """The refusal of credentials whose role is gone."""
    protocol = call.model.service_model.protocol if call.model else "json"
    code = TOKENS.get(call.service) or TOKENS_BY_PROTOCOL.get(
        protocol, "UnrecognizedClientException"
    )
    text = "The security token included in the request is invalid."
    if call.service == "s3":
        text = "The AWS Access Key Id you provided does not exist in our records."
    return Refusal(code, text, 403 if protocol != "json" else 400)


def not_understood(error):
    """A loud refusal: of a policy, or an action, that the sandbox cannot evaluate."""
    return Refusal("SandboxCannotEvaluate", f"payctl's sandbox cannot tell: {error}", 501)


__all__ = ["denied", "unknown_token", "not_understood", "ENDPOINT"]
