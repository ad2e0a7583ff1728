"""Settings: the bucket that backups are sent to, S3 or what speaks like it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter

_GROUP = "Backups"


class OffsiteSettings(BaseModel):
    """Where `aineon backup send` puts backups."""

    backup_endpoint: Annotated[
        str | None,
        Parameter(
            "AINEON_BACKUP_ENDPOINT",
            "Backup endpoint",
            _GROUP,
            kinds.STORE_URL,
            "Address of the object store, e.g. https://s3.eu-central-1.amazonaws.com.",
        ),
    ] = None

    backup_region: Annotated[
        str,
        Parameter(
            "AINEON_BACKUP_REGION",
            "Backup region",
            _GROUP,
            kinds.REGION,
            "Region that requests are signed for; stores without regions take `auto`.",
        ),
    ] = "auto"

    backup_bucket: Annotated[
        str | None,
        Parameter(
            "AINEON_BACKUP_BUCKET",
            "Backup bucket",
            _GROUP,
            kinds.BUCKET,
            "The bucket, which must exist; best one whose objects cannot be deleted for a while.",
        ),
    ] = None

    backup_key_id: Annotated[
        str | None,
        Parameter(
            "AINEON_BACKUP_KEY_ID",
            "Backup key id",
            _GROUP,
            kinds.KEY_ID,
            "Id of the access key that may put objects into the bucket, and read their size.",
        ),
    ] = None

    backup_secret_key: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_BACKUP_SECRET_KEY",
            "Backup secret key",
            _GROUP,
            kinds.STORE_KEY,
            "The access key's secret.",
            secret=True,
        ),
    ] = None
