"""The import rules of the packages, read from their sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "limner": ROOT / "protos/limner",
    "limner_client": ROOT / "clients/python/limner_client",
    "limner_server": ROOT / "server/limner_server",
    "limner_models": ROOT / "registry/limner_models",
    "limner_registry": ROOT / "registry/limner_registry",
}
MAY_IMPORT = {
    "limner": set(),
    "limner_client": {"limner"},
    "limner_server": {
        "limner",
        "limner_registry.animals",
        "limner_registry.color",
        "limner_registry.contract",
        "limner_registry.contracts",
        "limner_registry.ending",
        "limner_registry.face_template",
        "limner_registry.golden",
        "limner_registry.hair_colors",
        "limner_registry.logs",
        "limner_registry.palette",
        "limner_registry.rollout.outcome",
        "limner_registry.rollout.spec",
        "limner_registry.routes",
        "limner_registry.routes_wire",
        "limner_registry.styles",
        "limner_registry.tensors",
    },
    "limner_models": {
        "limner_registry.animals",
        "limner_registry.color",
        "limner_registry.contract",
        "limner_registry.contracts",
        "limner_registry.face_template",
        "limner_registry.golden",
        "limner_registry.hair_colors",
        "limner_registry.palette",
        "limner_registry.release",
        "limner_registry.styles",
        "limner_registry.tensors",
    },
    "limner_registry": {"limner"},
}
"""What of ours each package may import beside itself."""
DOORS = {
    "limner_models": {"limner_registry"},
    "limner_registry": {"limner_models", "limner_client"},
}
"""What its commands and the runners that Triton imports may import besides: there models made and
models registered meet, and a server is asked for one."""
NEVER = {
    "limner": {"numpy", "cv2", "torch", "mlflow", "tritonclient"},
    "limner_client": {"numpy", "cv2", "torch", "mlflow", "tritonclient"},
    "limner_server": {"torch", "mlflow"},
    "limner_models": {"mlflow", "tritonclient"},
    "limner_registry": {"torch"},
}

WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
SET_BY_THE_WALL = {
    "commands/rollout.py",
    "commands/rollout_view.py",
    "control/links.py",
    "control/metrics.py",
    "control/rollouts.py",
    "control/serve.py",
    "store.py",
}
"""Modules of the registry that ask what time it is: rollouts live longer than any process, so that
no other clock could tell how long; what a jump of it does to them is tested in `test_decide` and
`test_store`. Others print it, or sweep what is an hour old."""


def imports(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def called(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def defined(file: Path) -> set[str]:
    """Return the functions that a module gives to others."""
    names = {node.name for node in ast.parse(file.read_text()).body if hasattr(node, "name")}
    return {name for name in names if not name.startswith("_")}


def sources(package: str) -> list[Path]:
    return [path for path in PACKAGES[package].rglob("*.py") if "_pb2" not in path.name]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package):
    for file in sources(package):
        ours = {name for name in imports(file) if name.split(".")[0] in PACKAGES}
        may = MAY_IMPORT[package] | (
            DOORS.get(package, set()) if file.parent.name in {"commands", "backends"} else set()
        )
        foreign = {
            name
            for name in ours
            if name.split(".")[0] != package
            and not any(name == door or name.startswith(f"{door}.") for door in may)
        }
        assert not foreign, f"{file.relative_to(ROOT)} imports {foreign}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_never_imports_what_it_must_not_know(package):
    for file in sources(package):
        known = {name.split(".")[0] for name in imports(file)}
        assert not known & NEVER[package], file.relative_to(ROOT)


def test_imaging_imports_nothing_of_ours_but_color_maps_and_how_many_cores_there_are():
    for file in (PACKAGES["limner_server"] / "imaging").glob("*.py"):
        ours = {name for name in imports(file) if name.split(".")[0] in PACKAGES}
        ours -= {"limner_registry.color", "limner_registry.face_template", "limner_server.cores"}
        assert all(name.startswith("limner_server.imaging") for name in ours), file.name


def test_the_server_goes_by_no_clock_that_can_be_set():
    """Deadlines, leases, pauses and admission then do not care what the wall clock says."""
    for file in sources("limner_server"):
        assert not called(file) & WALL_CLOCKS, file.relative_to(ROOT)


def test_the_registry_reads_the_wall_clock_only_where_that_was_thought_through():
    read = {
        str(file.relative_to(PACKAGES["limner_registry"]))
        for file in sources("limner_registry")
        if called(file) & WALL_CLOCKS
    }
    assert read == SET_BY_THE_WALL


def test_the_studio_draws_without_torch():
    for file in (PACKAGES["limner_models"] / "studio").glob("*.py"):
        assert "torch" not in {name.split(".")[0] for name in imports(file)}, file.name


def test_status_asks_about_every_service_the_server_offers():
    from limner_server.app import SERVICES
    from limner_server.stack import commands

    assert set(commands.SERVICES) == {kind.name for kind in SERVICES}


def test_no_source_unpickles():
    for package in PACKAGES:
        for file in sources(package):
            assert not {"pickle", "dill", "joblib", "cloudpickle"} & imports(file), file.name
            assert "allow_pickle=True" not in file.read_text(), file.name


def test_the_server_counts_cores_in_one_place():
    """Only there is a container's limit known; everybody else would count the machine's."""
    counts = {"os.cpu_count", "os.sched_getaffinity", "psutil.cpu_count"}
    counting = {file.name for file in sources("limner_server") if called(file) & counts}
    assert counting == {"cores.py"}


def test_how_points_are_mapped_is_written_once():
    """Two of one name would differ where nobody looks: one was guarded, the other divided by 0."""
    template = defined(PACKAGES["limner_registry"] / "face_template.py")
    assert {"similarity", "mapped", "inverse"} <= template
    for file in (PACKAGES["limner_server"] / "imaging").glob("*.py"):
        assert not defined(file) & template, file.name
