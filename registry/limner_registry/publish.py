"""Publishing: a release becomes a version, once it has been proven."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from limner_registry import manifest, metadata
from limner_registry.errors import MetadataIncomplete
from limner_registry.prove import prove

if TYPE_CHECKING:
    from limner_registry.release import Release
    from limner_registry.store import Registry, Version


def publish(registry: Registry, release: Release, parent: int | None = None) -> Version:
    """Register a release as a version; nothing serves it until it is placed and routed to.

    The same files published again are the version they already are. A model's first version
    becomes its stable one, as nothing else could serve; later ones leave the alias alone.

    Args:
        registry: Where to.
        release: What, with its golden answers.
        parent: The version of the same model that it was made from; None when it was not.

    Raises:
        ContractBroken: The network's tensors are not its contract's.
        GoldenMissed: The network does not answer its golden inputs as promised.
        MetadataIncomplete: The release lacks what a version must say about itself.
        VersionUnknown: There is no version `parent`.
        RegistryUnavailable: The registry does not answer.
    """
    if not release.card.strip():
        raise MetadataIncomplete("the version lacks a model card")
    if parent is not None:
        registry.version(release.contract.model, parent)
    prove(release.network, release.contract, release.golden)
    with tempfile.TemporaryDirectory(prefix="limner-") as scratch:
        folder = Path(scratch)
        sealed = write(release, folder)
        tags = metadata.tags_of(release, sealed, parent, code_commit())
        with registry.alone():
            same = registry.versions(release.contract.model, sealed.digest)
            version = (
                same[0]
                if same
                else registry.create(release.contract.model, folder, tags, release.scores)
            )
            if registry.models().get(version.model) is None:
                registry.make_stable(version)
    return version


def write(release: Release, folder: Path) -> manifest.Manifest:
    """Write a release's files and their manifest into an empty folder."""
    (folder / manifest.network_name(release.contract.backend)).write_bytes(release.network)
    (folder / manifest.CARD).write_text(release.card, encoding="utf-8")
    release.golden.write(folder)
    return manifest.seal(folder)


def code_commit() -> str | None:
    """Return the commit this code is of, `-dirty` if changed since; None outside a checkout."""
    here = Path(__file__)
    git = ["git", "-C", str(here.parent)]
    tracked = [*git, "ls-files", "--error-unmatch", "release.py"]
    describe = [*git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        # an installed copy may lie in somebody else's checkout, which tracks none of it
        subprocess.run(tracked, capture_output=True, check=True, timeout=10)
        done = subprocess.run(describe, capture_output=True, check=True, timeout=10, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
