"""`limner transfer-hair --list-references | --recommend`: stored references, for all to read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from limner.errors import LimnerError
from limner_client import LimnerClient
from limner_client.cli import report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from limner_client import FaceChoice, Recommendation, StoredReference
    from limner_client.cli.options import Manner


def print_references(tags: Sequence[str], manner: Manner) -> int:
    """Print the stored references that have all of `tags`, one a line; return the code."""

    def show(client: LimnerClient) -> None:
        stored = client.list_references(tags=tags, previews=False)
        if manner.as_json:
            click.echo(json.dumps([_document(one) for one in stored]))
        else:
            Console().print(_listed(stored))

    return _printed("references", show, manner)


def print_recommended(photo: Path, face: FaceChoice, tags: Sequence[str], manner: Manner) -> int:
    """Print the references that suit the person of `photo`, the best first; return the code."""

    def show(client: LimnerClient) -> None:
        found = client.recommend_references(photo, face=face, tags=tags, previews=False)
        if manner.as_json:
            click.echo(json.dumps([_recommendation(one) for one in found]))
        else:
            Console().print(_recommended(found))

    return _printed(str(photo), show, manner)


def _printed(subject: str, show: Callable[[LimnerClient], None], manner: Manner) -> int:
    try:
        with LimnerClient(manner.address, timeout=manner.timeout) as client:
            show(client)
    except OSError as error:
        click.echo(f"cannot read {error.filename}: {error.strerror}", err=True)
        return report.BAD_INPUT
    except LimnerError as error:
        click.echo("\n".join(report.error_lines(subject, error, manner.address)), err=True)
        return report.exit_code(error)
    return report.DONE


def _listed(stored: Sequence[StoredReference]) -> Table:
    table = Table("reference", "hair", "tags", "what it is", box=None)
    for one in stored:
        table.add_row(one.name, _hair(one), ", ".join(one.tags), one.title)
    return table


def _recommended(found: Sequence[Recommendation]) -> Table:
    table = Table("reference", "suits", "heads apart", "because", box=None)
    for one in found:
        apart = f"{one.pose_gap:.0f} degrees{', mirrored' if one.mirrored else ''}"
        why = "; ".join(reason.message for reason in one.reasons)
        table.add_row(one.reference.name, f"{one.score:.2f}", apart, why)
    return table


def _hair(one: StoredReference) -> str:
    return " ".join(word for word in (one.length, one.texture, one.color) if word)


def _document(one: StoredReference) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "tags": list(one.tags),
        "length": one.length,
        "texture": one.texture,
        "color": one.color,
        "yaw": round(one.yaw, 2),
        "source": one.source,
        "license": one.license,
        "products": [{"title": link.title, "url": link.url} for link in one.products],
    }


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "reference": _document(one.reference),
        "score": round(one.score, 4),
        "reasons": [{"code": why.code, "message": why.message} for why in one.reasons],
        "pose_gap": round(one.pose_gap, 2),
        "mirrored": one.mirrored,
    }
