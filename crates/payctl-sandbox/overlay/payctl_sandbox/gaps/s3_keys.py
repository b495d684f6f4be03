"""S3: object keys that XML cannot carry.

DeleteObjects with one is refused as a whole (boto3#2005, aws-sdk-java#333, basho/riak_cs#974 also
for its escaped form); a client that writes another character in its place deletes what is not
there, and succeeds (aws-sdk-go#3592, aws-sdk-ruby#797). Listings tell of it in another writing
where they are asked to ("EncodingType" in S3's model), which moto knows of two only.
"""

from urllib.parse import quote
from xml.parsers.expat import ExpatError, ParserCreate

from moto.s3.exceptions import MalformedXML
from moto.s3.responses import S3Response

from ..lax import rule
from ..patching import replace

# Listings that moto does not write so, and what in them has keys.
LISTS = {"ListObjectVersions": ("Versions", "DeleteMarkers"), "ListMultipartUploads": ("Uploads",)}
NAMES = ("Prefix", "Delimiter", "KeyMarker", "NextKeyMarker")


@rule(S3Response, "_bucket_response_delete_keys")
def _bucket_response_delete_keys(original, self, bucket_name, authenticated=True):
    try:
        ParserCreate().Parse(self.body, True)
    except ExpatError:
        raise MalformedXML() from None
    return original(self, bucket_name, authenticated)


@replace(S3Response, "serialized")
def serialized(original, self, action_result):
    lists = LISTS.get(self.data.get("Action"))
    if lists and self.querystring.get("encoding-type") == ["url"]:
        told = action_result.result
        for one in [one for name in lists for one in told.get(name) or ()]:
            one["Key"] = quote(one["Key"])
        for one in told.get("CommonPrefixes") or ():
            one["Prefix"] = quote(one["Prefix"])
        told |= {name: quote(told[name]) for name in NAMES if told.get(name)}
        told["EncodingType"] = "url"
    return original(self, action_result)
