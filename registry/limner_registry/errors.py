"""What can go wrong with the registry, by whose fault it is.

    RegistryError
    ├── InputRefused            what was handed in cannot be published or does not exist
    │   ├── ModelUnknown
    │   ├── VersionUnknown
    │   ├── StableMissing
    │   ├── MetadataIncomplete
    │   ├── ContractBroken
    │   └── GoldenMissed
    ├── RegistryUnavailable     the database or the server behind it does not answer
    └── VersionDamaged          files are not the ones that were published

Every message is one sentence for the person who asked.
"""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, 200 characters at most; its kind if nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


class RegistryError(Exception):
    """Base of everything the registry reports; its text is shown as it stands."""


class InputRefused(RegistryError):
    """What was handed in is at fault; nothing was written."""


class ModelUnknown(InputRefused):
    """No model of that name has a version."""


class VersionUnknown(InputRefused):
    """The model has no version of that number."""


class StableMissing(InputRefused):
    """The model has versions, but none of them is stable."""


class MetadataIncomplete(InputRefused):
    """A version lacks what it must carry; the message names every missing key."""


class ContractBroken(InputRefused):
    """The network's tensors are not those of its contract."""


class GoldenMissed(InputRefused):
    """The network does not answer its golden inputs as it did."""


class RegistryUnavailable(RegistryError):
    """The registry does not answer; the same call may succeed later."""


class VersionDamaged(RegistryError):
    """A version's files are not the ones that were published; the message names the file."""


class DiskFull(RegistryError):
    """A folder has no room for what is to be written; free some and run the same again."""
