"""What is left out of the evidence of a first run: whose account it is, and what might be a secret."""

import re
from datetime import datetime

# Names of values that nobody else is to see, whatever they hold.
SECRET = re.compile(
    r"password|secret(?!smanager|list|id$)|token|credential|authorization|userdata|privatekey|^variables$|"
    r"^environment$|email",
    re.IGNORECASE,
)
# An account's id in AWS's texts: twelve digits with no more of them beside, and no end of a UUID.
ACCOUNT = re.compile(r"(?<![0-9A-Za-z.])(?<!-[0-9a-f]{4}-[0-9a-f]{4}-)\d{12}(?![0-9A-Za-z])")
TEXTS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "ACCESS-KEY"),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL), "PEM"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "MAIL"),
    (re.compile(r"(?<=[?&]X-Amz-)(Signature|Credential|Security-Token)=[^&\s\"]+"), r"\1=LEFT-OUT"),
    # Keys and tokens that nothing announces: long, without the separators that names have.
    (
        re.compile(
            r"(?<![\w/+-])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*\d)"
            r"[A-Za-z0-9/+]{40,}={0,2}(?![\w-])"
        ),
        "LONG-TEXT",
    ),
)


class Redact:
    """Leaves it out; each account keeps a number of its own, so that one sees which are the same."""

    def __init__(self):
        self.accounts = {}

    def __call__(self, value, name=""):
        if SECRET.search(name) and value not in (None, "", [], {}, True, False):
            return "LEFT-OUT"
        if isinstance(value, dict):
            return {self.text(str(key)): self(item, str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(item, name) for item in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, datetime):
            return value.isoformat()
        if value is None or isinstance(value, (bool, int, float)):
            # A number can be an account's as well.
            return value if not ACCOUNT.fullmatch(str(value)) else self.text(str(value))
        return f"LEFT-OUT: {type(value).__name__}"

    def text(self, text):
        for pattern, instead in TEXTS:
            text = pattern.sub(instead, text)
        return ACCOUNT.sub(lambda found: self.account(found[0]), text)

    def account(self, number):
        return self.accounts.setdefault(number, f"ACCOUNT-{len(self.accounts) + 1}")
