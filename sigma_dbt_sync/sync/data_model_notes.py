"""Remembers beside the archive what was published to Sigma, to tell later what people changed.

One file a data model, named by a hash of its id. Without it nothing breaks: the model is found by
its name and its parts by what they read, and whatever differs counts as changed by people.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sigma_dbt_sync.archive.files import open_files
from sigma_dbt_sync.errors import ArchiveError
from sigma_dbt_sync.normalize.keys import digest
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma.data_model_parts import Remembered

FOLDER = "sigma"

_MODELS = "data_models"


class _Note(msgspec.Struct, frozen=True):
    model_id: str
    parts: dict[str, Remembered]


class ModelNotes:
    """The files of one archive."""

    def __init__(self, settings: Settings) -> None:
        """Touch nothing yet.

        Raises:
            ConfigurationError: nothing here can read that kind of URL.
        """
        self._files = open_files(settings.archive_url, FOLDER)

    def published(self, model_ids: Iterable[str]) -> set[str]:
        """Tell which of these data models were published before."""
        known = set(self._files.names(_MODELS))
        return {model_id for model_id in model_ids if _name(model_id) in known}

    def read(self, model_id: str) -> dict[str, Remembered]:
        """Read what was published to a data model; nothing when it is not remembered.

        Raises:
            ArchiveError: the file is damaged.
        """
        at = f"{_MODELS}/{_name(model_id)}"
        data = self._files.read(at)
        try:
            return {} if data is None else msgspec.json.decode(data, type=_Note).parts
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ArchiveError(
                f"{self._files.place}/{at} is damaged. Delete it: the next publish then takes "
                "every difference for a change that somebody made in Sigma."
            ) from error

    def write(self, model_id: str, parts: Mapping[str, Remembered]) -> None:
        """Remember what is published to a data model now."""
        note = msgspec.json.encode(_Note(model_id, dict(parts)))
        self._files.write(f"{_MODELS}/{_name(model_id)}", note)


def _name(model_id: str) -> str:
    return f"{digest([model_id])}.json"
