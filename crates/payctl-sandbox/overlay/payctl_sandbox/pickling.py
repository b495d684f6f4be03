"""Turns moto's backends into bytes and back.

Everything goes into one pickle, so that objects shared between services stay shared. What
pickle cannot carry is carried as what it is made from: backends by their place, locks by
nothing, keys and certificates by their DER form, AWS's own managed policies by their name, nested
functions (defaults of dictionaries) by their code.
"""

import importlib
import io
import marshal
import pickle
import sys
import threading
from types import CellType, FunctionType
from weakref import WeakValueDictionary

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy, IAMBackend

# Objects that reference each other in long chains (a table's items, a bucket's versions).
sys.setrecursionlimit(20_000)
STACK = 256 * 1024 * 1024
LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
# What holds nothing but the pages of lists that are being read.
PASSING = {"resourcegroupstaggingapi"}


def backends():
    """Every backend's state, by its place: (service, account, region)."""
    return {
        (holder.service_name, account, region): backend.__dict__
        for holder in list(BackendDict._instances)
        if holder.service_name not in PASSING
        for account, region, backend in holder.iter_backends()
    }


def restore(states):
    """Puts the states back into the backends they are of."""
    for place, state in states.items():
        _backend(*place).__dict__.update(state)


def dump(value):
    """The value as bytes."""
    buffer = io.BytesIO()
    _deep(lambda: _Pickler(buffer, protocol=5).dump(value))
    return buffer.getvalue()


def unpicklable(states):
    """The places whose states cannot be carried, and why."""
    failures = {}
    for place, state in states.items():
        try:
            dump(state)
        except Exception as error:
            failures[place] = error
    return failures


def load(image):
    """The value that `dump` made the bytes of."""
    _MANAGED.clear()
    return _deep(lambda: pickle.loads(image))


def _deep(function):
    """Runs the function on a stack that long chains fit in."""
    result = []

    def run():
        try:
            result.append((True, function()))
        except BaseException as error:
            result.append((False, error))

    before = threading.stack_size(STACK)
    thread = threading.Thread(target=run)
    try:
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    succeeded, value = result[0]
    if not succeeded:
        raise value
    return value


class _Pickler(pickle.Pickler):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.places = {
            id(backend): (holder.service_name, account, region)
            for holder in list(BackendDict._instances)
            for account, region, backend in holder.iter_backends()
        }

    def reducer_override(self, value):
        if isinstance(value, BaseBackend) and id(value) in self.places:
            return _backend, self.places[id(value)]
        if isinstance(value, AccountSpecificBackend):
            return _account, (value.service_name, value.account_id)
        if isinstance(value, BackendDict):
            return get_backend, (value.service_name,)
        if type(value) in LOCKS:
            return LOCKS[type(value)], ()
        if isinstance(value, threading.Condition):
            # Without those who wait.
            return threading.Condition, ()
        if isinstance(value, dict) and type(value).__module__.startswith("moto."):
            # Some show other items than they hold (a bucket's keys: only the last version).
            factory = getattr(value, "default_factory", None)
            state = dict(dict.items(value)), vars(value), factory
            return _empty, (type(value),), state, None, None, _fill
        if isinstance(value, WeakValueDictionary):
            return WeakValueDictionary, (), None, None, iter(list(value.items()))
        if isinstance(value, (RSAPrivateKey, EllipticCurvePrivateKey)):
            form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
            return _private_key, (value.private_bytes(*form, serialization.NoEncryption()),)
        if isinstance(value, (RSAPublicKey, EllipticCurvePublicKey)):
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            return _public_key, (value.public_bytes(*form),)
        if isinstance(value, x509.Certificate):
            return _certificate, (value.public_bytes(serialization.Encoding.DER),)
        if isinstance(value, AWSManagedPolicy):
            own = {"attachment_count": value.attachment_count} if value.attachment_count else None
            return _managed_policy, (value.account_id, value.partition, value.arn), own
        if isinstance(value, FunctionType) and "<" in value.__qualname__:
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            code = marshal.dumps(value.__code__)
            return _function, (code, value.__module__, value.__defaults__, cells)
        return NotImplemented


def _backend(service, account, region):
    # Not made the usual way: that takes a second for EC2, and `restore` fills in everything.
    holder = get_backend(service)[account]
    if region not in holder.keys():
        holder[region] = object.__new__(holder.backend)
    return holder[region]


def _account(service, account):
    return get_backend(service)[account]


def _empty(kind):
    return kind.__new__(kind)


def _fill(mapping, state):
    items, attributes, factory = state
    if factory is not None:
        mapping.default_factory = factory
    dict.update(mapping, items)
    mapping.__dict__.update(attributes)


def _private_key(der):
    # Checking a key that was checked when it was made takes 75 ms.
    return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def _public_key(der):
    return serialization.load_der_public_key(der)


def _certificate(der):
    return x509.load_der_x509_certificate(der)


def _function(code, module, defaults, cells):
    names = importlib.import_module(module).__dict__
    closure = tuple(CellType(cell) for cell in cells)
    return FunctionType(marshal.loads(code), names, None, defaults, closure or None)


def _managed_policy(account, partition, arn):
    return _MANAGED[account, partition][arn]


class _Managed(dict):
    """AWS's own policies of an account, made once."""

    def __missing__(self, place):
        account, partition = place
        policies = IAMBackend(partition, account).aws_managed_policies
        self[place] = {policy.arn: policy for policy in policies}
        return self[place]


_MANAGED = _Managed()
