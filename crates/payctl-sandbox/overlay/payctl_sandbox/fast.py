"""What moto does at its leisure that a sandbox waits for at every start. Import it first."""

import boto3

# A session reads all endpoint data again; moto makes one for every question about regions.
_session = boto3.Session()
boto3.Session = lambda *arguments, **options: _session

import moto.iam.models  # noqa: E402
import moto.kms.models  # noqa: E402

from .patching import replace  # noqa: E402

# Every call looks its access key up in all partitions, each with 4 MB of AWS's own policies.
moto.iam.models.PARTITION_NAMES = ["aws"]


@replace(moto.kms.models, "generate_private_key")
def generate_private_key(original, key_spec):
    # moto makes an RSA key even for symmetric keys, which never use it: 80 ms each.
    return None if key_spec == "SYMMETRIC_DEFAULT" else original(key_spec)
