"""What AWS asks for, and its models do not say: one table of rules per service."""


def check(call):
    """Raises the refusal of the first rule that a call breaks."""
