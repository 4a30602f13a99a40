"""`limner models`: what is registered, what is placed, and how a model gets there."""

from __future__ import annotations

import click

from limner_registry.commands.arrivals import import_models, publish_model
from limner_registry.commands.exporting import export_model
from limner_registry.commands.listing import list_models, show_version
from limner_registry.commands.placing import place_models, verify_versions

EXIT_CODES = (
    "Exit codes: 0 done, 2 the request is at fault, 3 the registry or the package index does not "
    "answer, 1 anything else, such as a damaged file."
)


@click.group(epilog=EXIT_CODES)
def models() -> None:
    """Bring models in, look at them, and choose which version serves.

    A model has numbered versions in a registry. Its stable version is the one that callers get.
    Placing copies a version, byte for byte what was published, to where the server finds it.
    """


for _command in (
    list_models,
    show_version,
    import_models,
    publish_model,
    place_models,
    verify_versions,
    export_model,
):
    models.add_command(_command)
