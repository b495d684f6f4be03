"""What it takes to run a function: read once from moto, under the lock, then plain values."""

import hashlib
import os
import shutil
import uuid
import zipfile
from dataclasses import dataclass, field
from io import BytesIO

from ..databases import servers


@dataclass(frozen=True)
class Definition:
    """One version of one function, as it is to be run."""

    region: str
    account: str
    name: str
    arn: str
    version: str
    handler: str
    runtime: str
    architecture: str
    memory: int
    timeout: int
    role: str
    log_group: str
    state: str
    # How many may run at once: None is the account's limit.
    concurrency: int | None = field(compare=False)
    # How often an asynchronous invocation is tried again.
    retries: int = field(compare=False)
    # The queue of what it failed at each time.
    dead_letters: str | None = field(compare=False)
    environment: tuple
    # The key that the environment is encrypted with.
    key: str | None
    subnets: tuple
    code_sha256: str
    code: bytes = field(compare=False, repr=False)

    @classmethod
    def of(cls, function):
        """The definition of a function of moto's."""
        configured = function.event_invoke_config
        retries = configured[-1].config.get("MaximumRetryAttempts", 2) if configured else 2
        logging = getattr(function, "logging_config", None) or {}
        reserved = function.reserved_concurrency
        return cls(
            region=function.region,
            account=function.account_id,
            name=function.function_name,
            arn=function.function_arn,
            version=str(function.version),
            handler=function.handler or "bootstrap",
            runtime=function.run_time or "",
            architecture=function.architectures[0],
            memory=int(function.memory_size),
            timeout=int(function.timeout),
            role=function.role,
            log_group=logging.get("LogGroup") or f"/aws/lambda/{function.function_name}",
            state=function.state,
            concurrency=None if reserved is None else int(reserved),
            retries=retries,
            dead_letters=getattr(function, "dead_letters", None),
            environment=tuple(sorted(function.environment_vars.items())),
            key=function.kms_key_arn or None,
            subnets=tuple((function.vpc_config or {}).get("SubnetIds") or ()),
            code_sha256=function.code_sha_256,
            code=function.code_bytes,
        )

    @property
    def place(self):
        """What stays the same while code and configuration change."""
        return self.region, self.name, self.version

    def unpacked(self, folder):
        """The folder with the unpacked code, unpacking it first if need be."""
        digest = hashlib.sha256(self.code).hexdigest()
        target = os.path.join(folder, digest)
        if os.path.isdir(target):
            return target
        temporary = os.path.join(folder, f"{digest}.{uuid.uuid4().hex}")
        os.makedirs(temporary)
        with zipfile.ZipFile(BytesIO(self.code)) as archive:
            for entry in archive.infolist():
                path = archive.extract(entry, temporary)
                mode = entry.external_attr >> 16 & 0o777
                if mode and not entry.is_dir():
                    os.chmod(path, mode)
        try:
            os.rename(temporary, target)
        except OSError:
            # Another invocation was faster.
            shutil.rmtree(temporary, ignore_errors=True)
        return target

    def variables(self, folder, runtime_api, endpoint, log_stream, credentials):
        """The process's whole environment: nothing of the host's but PATH."""
        key, secret, token = credentials
        return {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **dict(self.environment),
            # On AWS, a function trusts the databases' authority.
            **({"SSL_CERT_FILE": servers.trusted} if servers.trusted else {}),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": folder,
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_SESSION_TOKEN": token,
        }
