from __future__ import annotations

import json
import logging

from limner_registry.logs import Lines


def record(**extra):
    made = logging.makeLogRecord({"msg": "call", "levelname": "INFO", "created": 0.0})
    vars(made).update(extra)
    return made


def test_a_json_line_is_one_object_with_its_fields():
    line = Lines(as_json=True).format(record(request_id="abc", seconds=0.5))
    assert "\n" not in line
    event = json.loads(line)
    assert (event["event"], event["request_id"], event["seconds"]) == ("call", "abc", 0.5)
    assert event["at"] == "1970-01-01T00:00:00.000+00:00"


def test_a_text_line_ends_with_its_fields():
    line = Lines(as_json=False).format(record(request_id="abc"))
    assert line.endswith("call request_id=abc")


def test_what_json_does_not_know_is_written_as_text():
    event = json.loads(Lines(as_json=True).format(record(what={1})))
    assert event["what"] == "{1}"
