"""Files from the Hugging Face hub by names such as `hf:owner/name@revision`, kept in the hub's own cache.

Only files of fixed names are fetched, and they are read like any other: as data that can run no code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.storage import FileFault

PREFIX = "hf:"
"""With which the name of a repository on the hub begins."""
EXTRA = "hub"
_NAME = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def is_on_hub(name: object) -> bool:
    """Whether `name` names a repository on the hub."""
    return isinstance(name, str) and name.startswith(PREFIX)


def hub_file(name: str, file: str) -> Path:
    """The path of `file` of the repository `hf:owner/name[@revision]`, which is downloaded unless the cache has it.

    Without a network the cache's is used. Raises `FileFault` for a repository, a revision or a file that is not there.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no repository on the hub; write hf:owner/name, or hf:owner/name@revision.")
    repository, revision = found["repository"], found["revision"]
    hub: Any = import_extra("huggingface_hub", EXTRA, "a name that begins with hf:")
    errors: Any = import_extra("huggingface_hub.errors", EXTRA, "a name that begins with hf:")
    try:
        return Path(hub.hf_hub_download(repository, file, revision=revision))
    except errors.GatedRepoError as error:
        raise FileFault(f"{name}: its owner has to let you in; ask on its page, and `hf auth login`.") from error
    except errors.RepositoryNotFoundError as error:
        raise FileFault(
            f"{name}: the hub has no such repository, or it is private; for a private one `hf auth login`."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise FileFault(f"{name}: the repository {repository} has no revision {revision}.") from error
    except errors.LocalEntryNotFoundError as error:
        raise FileFault(f"{name}: the hub cannot be reached, and the cache has no {file} of it.") from error
    except errors.EntryNotFoundError as error:
        raise FileFault(f"{name}: the repository {repository} has no {file}.") from error
    except (errors.HfHubHTTPError, OSError) as error:
        raise FileFault(f"{name}: {file} cannot be downloaded: {error}.") from error
