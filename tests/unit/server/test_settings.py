from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from limner_server.settings import (
    NOT_OURS,
    PREFIX,
    Settings,
    SettingsUnreadable,
    default_state,
    read_settings,
)


def test_without_a_word_the_server_listens_on_loopback_only():
    settings = read_settings({"PATH": "/bin"})
    assert settings == Settings(state=default_state())
    assert settings.host == "127.0.0.1"


def test_every_setting_is_read_from_its_name():
    settings = read_settings(
        {
            "LIMNER_STATE": "/srv/limner",
            "LIMNER_PORT": "7000",
            "LIMNER_METRICS_PORT": "0",
            "LIMNER_TRITON": "triton:8001",
            "LIMNER_REFLECTION": "on",
            "LIMNER_DRAIN_SECONDS": "2.5",
            "LIMNER_CALLS_AT_ONCE": "6",
            "LIMNER_PATIENCE_SECONDS": "1.5",
            "LIMNER_REQUEST_MEGABYTES": "512",
            "LIMNER_MEGAPIXELS": "200",
            "LIMNER_LANE_MEGABYTES": "0",
            "LIMNER_JSON_LOGS": "1",
            "LIMNER_REFERENCES": "/srv/references",
        }
    )
    assert settings.state == Path("/srv/limner")
    assert (settings.port, settings.metrics_port) == (7000, 0)
    assert settings.triton == "triton:8001"
    assert settings.reflection
    assert settings.json_logs
    assert settings.drain_seconds == 2.5
    assert (settings.calls_at_once, settings.patience_seconds) == (6, 1.5)
    assert (settings.request_megabytes, settings.megapixels) == (512, 200)
    assert settings.lane_megabytes == 0
    assert settings.references_folder == Path("/srv/references")
    assert read_settings({"LIMNER_STATE": "/a"}).references_folder == Path("/a/references")


def test_the_http_of_a_triton_is_at_the_port_before_unless_it_is_told():
    assert read_settings({"LIMNER_TRITON_HTTP": "triton:80"}).http_of_triton == ""
    assert read_settings({"LIMNER_TRITON": "[::1]:8001"}).http_of_triton == "[::1]:8000"
    elsewhere = {"LIMNER_TRITON": "triton:8001", "LIMNER_TRITON_HTTP": "triton:80"}
    assert read_settings(elsewhere).http_of_triton == "triton:80"


@pytest.mark.parametrize("address", ["triton", ":8001", "triton:http", "triton:0", "triton:80010"])
def test_an_address_has_a_host_and_a_port(address):
    with pytest.raises(SettingsUnreadable, match="LIMNER_TRITON="):
        read_settings({"LIMNER_TRITON": address})


@pytest.mark.parametrize("controller", ["", "controller:50053", "[::1]:50053", ":50053", ":0"])
def test_the_controller_is_elsewhere_or_here(controller):
    assert read_settings({"LIMNER_CONTROLLER": controller}).controller == controller


@pytest.mark.parametrize(
    "controller",
    ["controller", "50053", ":", ":http", ":99999", ":65535", "controller:0", "controller:99999"],
)
def test_where_no_controller_can_be_is_refused(controller):
    with pytest.raises(SettingsUnreadable, match="LIMNER_CONTROLLER="):
        read_settings({"LIMNER_CONTROLLER": controller})


def test_everything_wrong_is_told_at_once():
    environ = {"LIMNER_PORT": "70000", "LIMNER_REFLECTION": "maybe", "LIMNER_PROT": "1"}
    environ |= {"LIMNER_CALLS_AT_ONCE": "-1", "LIMNER_MEGAPIXELS": "many"}
    with pytest.raises(SettingsUnreadable) as caught:
        read_settings(environ)
    assert all(name in str(caught.value) for name in environ)


def test_what_the_commands_read_stops_no_server():
    root = Path(__file__).parents[3]
    folders = [root / name for name in ("clients", "registry", "server")]
    sources = [file for folder in folders for file in folder.rglob("*.py")]
    read = {name for file in sources for name in re.findall(r'envvar="(\w+)"', file.read_text())}

    assert {"LIMNER_ADDRESS", "LIMNER_BACKGROUNDS", "LIMNER_REGISTRY_URI"} <= read
    read_settings(dict.fromkeys(read, "1") | {"LIMNER_CONTROLLER": "controller:50053"})


def test_the_manual_tells_of_every_setting_and_of_no_other():
    text = Path(__file__).parents[3].joinpath("docs", "running.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(LIMNER_[A-Z_]+)`", text, re.MULTILINE)

    assert sorted(told) == sorted(PREFIX + field.name.upper() for field in fields(Settings))
    assert all(f"`{name}`" in text for name in NOT_OURS)
