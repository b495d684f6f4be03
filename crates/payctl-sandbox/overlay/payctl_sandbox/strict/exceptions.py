"""What is not held against the model, with reasons. Nothing else is let off."""

# Operations, by service and name.
OPERATIONS = {}

# Constraints that AWS itself does not hold, by (service, shape or member that the place ends with,
# kind of violation).
_TYPES = "instance types come every month: AWS knows them by zone, and a pinned model is behind"
CONSTRAINTS = {
    ("ec2", "InstanceType", "enum"): _TYPES,
    ("ec2", "InstanceTypes", "enum"): _TYPES,
    # Compared with botocore's regions: aws-iso, -b, -e, -f and aws-eusc are missing.
    ("s3", "LocationConstraint", "enum"): "the public model lacks regions of other partitions",
}


def is_free(call):
    """Whether an operation is not held against its model at all."""
    return (call.service, call.operation) in OPERATIONS


def excuses(call, violation):
    """Whether AWS is known to let a violation pass."""
    names = [part for part in violation.place if isinstance(part, str)]
    member = names[-1] if names else ""
    return (call.service, member, violation.kind) in CONSTRAINTS
