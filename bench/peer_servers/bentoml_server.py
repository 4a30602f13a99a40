"""BentoML: its own API with files in and out, and beside it an application of the user's own."""

import tempfile
from pathlib import Path

import bentoml
from negating import Negating
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

NEGATING = Negating()


async def raw(request: Request) -> Response:
    """Answer a body with a body."""
    return Response(NEGATING.negate(await request.body()))


@bentoml.service(workers=2, traffic={"timeout": 60}, logging={"access": {"enabled": False}})
@bentoml.asgi_app(Starlette(routes=[Route("/raw", raw, methods=["POST"])]), path="/own")
class Negative:
    """Answers files with files."""

    @bentoml.api
    def negate(self, photo: Path, context: bentoml.Context) -> Path:
        """Write the negative of a file beside it."""
        file = Path(tempfile.mkstemp(dir=context.temp_dir)[1])
        file.write_bytes(NEGATING.negate(photo.read_bytes()))
        return file
