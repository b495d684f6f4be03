"""DynamoDB and S3: what a table needs, and names of buckets."""

import regex

from .rule import Rule

# The page of general buckets, as osamadev.medium.com has it (2024-04-24), and its neighbour
# directory-bucket-naming-rules.html, which repeats the reserved words.
BUCKETS = "docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
BUCKET = regex.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
ENDINGS = ("-s3alias", "--ol-s3", "--x-s3")


def _no_bucket(name):
    return not BUCKET.fullmatch(name) or name.startswith(RESERVED) or name.endswith(ENDINGS)


def _lacks(member):
    """A table that is no replica of another account's, and has not what each table has."""
    return lambda table: "GlobalTableSourceArn" not in table and not table.get(member)


def _no_name(name):
    return not name.startswith("arn:") and not regex.fullmatch(r"[a-zA-Z0-9_.-]{3,255}", name)


DYNAMODB = [
    *[
        Rule(
            "CreateTable",
            "",
            f"a table has its {member}",
            _lacks(member),
            "ValidationException",
            # As long as the model had them as required, so AWS's framework said it.
            f"1 validation error detected: Value null at '{member[0].lower()}{member[1:]}' failed "
            "to satisfy constraint: Member must not be null",
            source="assumed: the model requires neither since tables have replicas elsewhere",
        )
        for member in ("KeySchema", "AttributeDefinitions")
    ],
    Rule(
        "CreateTable",
        "TableName",
        "a table's name has 3 to 255 letters, digits, underscores, hyphens and dots",
        _no_name,
        "ValidationException",
        "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, "
        "and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'",
        source="docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
        "HowItWorks.NamingRulesDataTypes.html",
    ),
]

S3 = [
    Rule(
        "CreateBucket",
        "Bucket",
        "a bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens, and none of the "
        "reserved beginnings and ends",
        _no_bucket,
        "InvalidBucketName",
        "The specified bucket is not valid.",
        source=BUCKETS,
    ),
]
