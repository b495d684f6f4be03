"""How the overlay changes moto: one method at a time, the original always at hand."""

import functools


def replace(owner, name):
    """Replaces `owner.name` by the decorated function, which gets the original first."""

    def install(function):
        original = getattr(owner, name)

        @functools.wraps(original)
        def replacement(*args, **kwargs):
            return function(original, *args, **kwargs)

        setattr(owner, name, replacement)
        return function

    return install
