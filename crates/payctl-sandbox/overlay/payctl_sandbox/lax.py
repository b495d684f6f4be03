"""What the sandbox lets pass that AWS refuses: what `--lax` names, for comparison."""

from .patching import replace

# `behaviour`: the rules of `gaps` that are installed by `rule`.
parts = set()


def rule(owner, name):
    """Replaces `owner.name` as `replace` does, unless `--lax behaviour` asks for the original."""

    def install(function):
        @replace(owner, name)
        def replacement(original, *args, **kwargs):
            if "behaviour" in parts:
                return original(*args, **kwargs)
            return function(original, *args, **kwargs)

        return function

    return install
