"""What the server is told from outside: read once from LIMNER_*, checked whole, then frozen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "LIMNER_"
NOT_OURS = {
    "LIMNER_ADDRESS",
    "LIMNER_BACKGROUNDS",
    "LIMNER_MOVED_ALIASES",
    "LIMNER_REGISTRY_URI",
    "LIMNER_STORE_URI",
}
"""Read by the client, the registry, the controller and trainings; the server lets them be."""


Count: TypeAlias = int
"""A setting that is a number of things."""
Address: TypeAlias = str
"""A setting that is host:port."""
Controller: TypeAlias = str
"""A setting that is host:port, or :port for one that runs here."""


class SettingsUnreadable(Exception):
    """One or more settings are wrong; the message lists every one."""


@dataclass(frozen=True)
class Settings:
    """Everything the server process can be told."""

    state: Path
    """Folder of models, logs and the embedded Triton."""
    host: str = "127.0.0.1"
    """Address to listen on; loopback unless said otherwise."""
    port: int = 50051
    """Port of the services; 0 takes a free one."""
    metrics_port: int = 50052
    """Port of the Prometheus page, on the same host; 0 takes a free one."""
    triton: Address = ""
    """host:port of the gRPC of a Triton that runs elsewhere; empty starts one here."""
    triton_http: Address = ""
    """host:port of its HTTP; empty takes the port before, which is where Triton has it."""
    controller: Controller = ""
    """host:port of the controller that says which versions serve; :port starts one here, empty goes
    by the folder alone."""
    instance: str = ""
    """Name of this server among all; empty takes its machine's name and its port."""
    operator_token: str = ""
    """What operators show to name versions in a call; empty lets nobody."""
    reflection: bool = False
    """Whether the server describes its services to whoever asks."""
    lame_duck_seconds: float = 0.2
    """How long it goes on serving after saying NOT_SERVING, so that balancers can turn away."""
    drain_seconds: float = 30.0
    """How long calls in flight may take to finish when the server stops."""
    calls_at_once: Count = 0
    """Calls worked on at once; 0 takes as many as there are cores, at least 2."""
    patience_seconds: float = 0.0
    """How long an interactive call is let wait for its turn, by what is expected; 0 as long as it
    takes itself."""
    request_megabytes: Count = 0
    """Requests in the house together, in MB; 0 takes an eighth of the memory there is."""
    megapixels: Count = 0
    """Pixels of the pictures in the house together, in millions; 0 takes what half of the memory
    there is can bear."""
    lane_megabytes: Count = 64
    """Shared memory for large tensors on their way to Triton and back, in MB; 0 has none."""
    references: str = ""
    """Folder of the operator's references; empty takes `references` in the state folder."""
    json_logs: bool = False
    """One JSON object a line instead of text."""

    @property
    def http_of_triton(self) -> str:
        """Where the HTTP of a Triton that runs elsewhere is; empty for one that is started here."""
        if not self.triton:
            return ""
        host, _, port = self.triton.rpartition(":")
        return self.triton_http or f"{host}:{int(port) - 1}"

    @property
    def references_folder(self) -> Path:
        """Where the operator's references are."""
        return Path(self.references).expanduser() if self.references else self.state / "references"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`.

    Raises:
        SettingsUnreadable: A name is unknown or a value cannot be read; all are listed.
    """
    known = {PREFIX + field.name.upper(): field for field in fields(Settings)}
    values: dict[str, Any] = {"state": default_state()}
    wrong = []
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_OURS:
            continue
        field = known.get(name)
        if field is None:
            wrong.append(f"{name} is no setting; there are {', '.join(sorted(known))}")
            continue
        try:
            values[field.name] = READERS[str(field.type)](text)
        except ValueError as error:
            wrong.append(f"{name}={text!r} is not readable: {error}")
    if wrong:
        raise SettingsUnreadable("\n".join(wrong))
    return Settings(**values)


def default_state() -> Path:
    """Return the folder used when none is named: ~/.local/state/limner."""
    return Path.home() / ".local/state/limner"


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not low <= number <= high:
            raise ValueError(f"it must be in [{low:g}, {high:g}]")
        return number

    return read


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError("a port is in [0, 65535]")
    return port


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and (not host or not _port(port) > 0):
        raise ValueError("it must be host:port")
    return text


def _controller(text: str) -> str:
    if not text.startswith(":"):
        return _address(text)
    if not _port(text[1:]) < 65535:
        raise ValueError("the port after it is for the controller's metrics")
    return text


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= 1_000_000:
        raise ValueError("it must be in [0, 1000000]")
    return count


def _switch(text: str) -> bool:
    switches = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
    if text.lower() not in switches:
        raise ValueError(f"it must be one of {', '.join(switches)}")
    return switches[text.lower()]


READERS: dict[str, Callable[[str], Any]] = {
    "Path": lambda text: Path(text).expanduser(),
    "str": str,
    "Address": _address,
    "Controller": _controller,
    "int": _port,
    "Count": _count,
    "bool": _switch,
    "float": _number(0, 3600),
}
"""How each type of setting is read; every int is a port, every float a number of seconds."""
