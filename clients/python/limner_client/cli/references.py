"""`limner transfer-hair --list-references | --recommend`: stored references, for all to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from limner_client.cli.listing import print_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import FaceChoice, LimnerClient, Recommendation, StoredReference
    from limner_client.cli.options import Manner


def print_references(tags: Sequence[str], manner: Manner) -> int:
    """Print the stored references that have all of `tags`, one a line; return the code."""

    def ask(client: LimnerClient) -> Sequence[StoredReference]:
        return client.list_references(tags=tags, previews=False)

    return print_list("references", ask, _documents, _listed, manner)


def print_recommended(photo: Path, face: FaceChoice, tags: Sequence[str], manner: Manner) -> int:
    """Print the references that suit the person of `photo`, the best first; return the code."""

    def ask(client: LimnerClient) -> Sequence[Recommendation]:
        return client.recommend_references(photo, face=face, tags=tags, previews=False)

    return print_list(str(photo), ask, _recommendations, _recommended, manner)


def _listed(stored: Sequence[StoredReference]) -> Table:
    table = Table("reference", "hair", "tags", "what it is", box=None)
    for one in stored:
        words = (one.name, _hair(one), ", ".join(one.tags), one.title)
        table.add_row(*map(Text, words))
    return table


def _recommended(found: Sequence[Recommendation]) -> Table:
    table = Table("reference", "suits", "heads apart", "because", box=None)
    for one in found:
        apart = f"{one.pose_gap:.0f} degrees{', mirrored' if one.mirrored else ''}"
        why = "; ".join(reason.message for reason in one.reasons)
        table.add_row(*map(Text, (one.reference.name, f"{one.score:.2f}", apart, why)))
    return table


def _hair(one: StoredReference) -> str:
    return " ".join(word for word in (one.length, one.texture, one.color) if word)


def _documents(stored: Sequence[StoredReference]) -> list[dict[str, Any]]:
    return [_document(one) for one in stored]


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


def _recommendations(found: Sequence[Recommendation]) -> list[dict[str, Any]]:
    return [_recommendation(one) for one in found]


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "reference": _document(one.reference),
        "score": round(one.score, 4),
        "reasons": [{"code": why.code, "message": why.message} for why in one.reasons],
        "pose_gap": round(one.pose_gap, 2),
        "mirrored": one.mirrored,
    }
