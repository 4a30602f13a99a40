from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, reasons, segment_pb2
from tests.integration.conftest import failure, plane, saved

REFERENCE = Path(__file__).parents[2] / "data/mediapipe_astronaut.npz"
PERSON = segment_pb2.SEGMENT_CLASS_PERSON
BACKGROUND = segment_pb2.SEGMENT_CLASS_BACKGROUND


def asked(data: bytes, **fields) -> segment_pb2.SegmentRequest:
    return segment_pb2.SegmentRequest(image={"data": data}, **fields)


def test_the_astronauts_face_is_found_where_it_is(stubs, astronaut):
    response = stubs.segment.Segment(asked(astronaut))
    assert (response.width_px, response.height_px) == (512, 512)
    (face,) = response.faces
    assert response.selected_face == 0
    assert 160 < face.box.left_px < face.box.right_px < 290
    assert face.score > 0.8
    assert len(face.landmarks.x_px) == len(face.landmarks.z_px) == 478
    assert len(face.oval.x_px) == 36
    assert abs(face.pose.roll_deg) < 20


def test_the_person_is_not_the_background(stubs, astronaut):
    response = stubs.segment.Segment(asked(astronaut, classes=[PERSON, BACKGROUND]))
    person, background = response.masks
    assert [getattr(person, "class"), getattr(background, "class")] == [
        PERSON,
        BACKGROUND,
    ]
    assert person.area + background.area == pytest.approx(1)
    inside = plane(person.mask.data)
    assert set(np.unique(inside)) == {0, 255}
    np.testing.assert_array_equal(inside, 255 - plane(background.mask.data))
    assert inside[300, 230] == 255  # the suit
    assert inside[20, 480] == 0  # the wall


def test_every_version_that_took_part_is_named(stubs, astronaut):
    request = asked(astronaut, options={"request_id": "named"})
    served_by = stubs.segment.Segment(request).served_by
    models = {use.model: use.version for use in served_by.models}
    assert set(models) == {
        "face_detector",
        "face_mesh",
        "face_mesh_attention",
        "person_segmenter",
    }
    assert set(models.values()) == {1}
    assert served_by.request_id == "named"


def test_the_parts_of_the_time_fit_into_the_whole(stubs, astronaut):
    timings = stubs.segment.Segment(asked(astronaut)).timings
    assert {"decode", "face_detector", "encode"} <= {stage.name for stage in timings.stages}
    assert max(stage.seconds for stage in timings.stages) < timings.total_seconds


PARTS = (
    segment_pb2.SEGMENT_CLASS_HAIR,
    segment_pb2.SEGMENT_CLASS_FACE_SKIN,
    segment_pb2.SEGMENT_CLASS_BODY_AND_CLOTHES,
)


def test_the_parts_of_the_person_are_told_apart(stubs, astronaut):
    reply = stubs.segment.Segment(asked(astronaut, classes=PARTS))
    hair, face, body = (plane(one.mask.data) == 255 for one in reply.masks)
    assert not (hair & face).any()
    assert not (hair & body).any()
    assert not (face & body).any()
    assert hair[35, 230]  # above the brow
    assert face[125, 215]  # a cheek
    assert body[350, 200]  # the suit
    assert [one.area for one in reply.masks] == pytest.approx(
        [hair.mean(), face.mean(), body.mean()]
    )
    assert "hair_segmenter" in {use.model for use in reply.served_by.models}


def test_only_the_selected_heads_hair_is_hair(stubs, portrait):
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait, (512, 0))
    photo = saved(pair, "PNG")
    for index, own in enumerate((slice(0, 512), slice(512, 1024))):
        request = asked(photo, classes=PARTS[:1], selector={"index": index})
        (hair,) = stubs.segment.Segment(request).masks
        marked = plane(hair.mask.data) == 255
        assert marked[:, own].sum() == marked.sum() > 0


def test_hair_without_a_face_is_looked_for_in_the_whole_photo_and_said_so(stubs, astronaut):
    reply = stubs.segment.Segment(asked(astronaut, classes=PARTS[:1], without_faces=True))
    assert "NO_FACE" in {warning.code for warning in reply.warnings}
    assert not reply.HasField("selected_face")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_turned_by_exif_is_answered_upright(stubs, portrait, orientation):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = portrait.crop((0, 0, 512, 400))
    turned = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    response = stubs.segment.Segment(asked(saved(turned, "JPEG", exif=exif, quality=95)))
    assert (response.width_px, response.height_px) == (512, 400)
    (face,) = response.faces
    assert face.box.left_px == pytest.approx(185, abs=15)
    assert abs(face.pose.roll_deg) < 20


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_photo_that_nobody_turned_upright_still_shows_its_face(stubs, portrait, turn):
    lying = portrait.rotate(turn, expand=True)  # counterclockwise, and EXIF says nothing
    (face,) = stubs.segment.Segment(asked(saved(lying, "PNG"))).faces
    lean = (face.pose.roll_deg + turn) % 360
    assert min(lean, 360 - lean) < 15
    box = face.box
    assert box.right_px - box.left_px == pytest.approx(box.bottom_px - box.top_px, rel=0.1)


def test_a_face_that_fills_its_photo_is_found(stubs, portrait):
    (face,) = stubs.segment.Segment(asked(saved(portrait, "PNG"))).faces
    edges = face.box.left_px, face.box.top_px, face.box.right_px, face.box.bottom_px
    box = [round(edge) for edge in edges]

    (close,) = stubs.segment.Segment(asked(saved(portrait.crop(box), "PNG"))).faces

    shifted = close.pose.yaw_deg - face.pose.yaw_deg, close.pose.pitch_deg - face.pose.pitch_deg
    assert max(map(abs, shifted)) < 5
    assert close.box.right_px - close.box.left_px == pytest.approx(box[2] - box[0], rel=0.15)


def test_mirroring_the_photo_mirrors_the_pose(stubs, portrait):
    mirrored = portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    one, other = (
        stubs.segment.Segment(asked(saved(image, "PNG"))).faces[0].pose
        for image in (portrait, mirrored)
    )
    assert one.yaw_deg == pytest.approx(-other.yaw_deg, abs=3)
    assert one.roll_deg == pytest.approx(-other.roll_deg, abs=3)
    assert one.pitch_deg == pytest.approx(other.pitch_deg, abs=3)


def test_twelve_faces_come_from_left_to_right(stubs, portrait):
    sheet = Image.new("RGB", (4 * 256, 3 * 256))
    head = portrait.crop((96, 0, 352, 256))
    for place in range(12):
        sheet.paste(head, (256 * (place % 4), 256 * (place // 4)))
    response = stubs.segment.Segment(asked(saved(sheet, "JPEG", quality=95)))
    assert len(response.faces) == 12
    middles = [face.box.left_px + face.box.right_px for face in response.faces]
    assert middles == sorted(middles)


def test_a_face_is_selected_by_place_and_by_point(stubs, portrait):
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait.resize((384, 384)), (640, 64))
    photo = saved(pair, "PNG")
    assert stubs.segment.Segment(asked(photo)).selected_face == 0
    by_place = asked(photo, selector={"index": 1})
    assert stubs.segment.Segment(by_place).selected_face == 1
    right = stubs.segment.Segment(asked(photo)).faces[1].box
    point = {"x_px": (right.left_px + right.right_px) / 2, "y_px": right.top_px + 5}
    assert stubs.segment.Segment(asked(photo, selector={"point": point})).selected_face == 1
    beyond = failure(stubs.segment.Segment, asked(photo, selector={"index": 2}))
    assert isinstance(beyond, reasons.NoFace)


def test_a_small_face_is_told_to_come_nearer(stubs, portrait):
    far = Image.new("RGB", (1200, 1200), "gray")
    far.paste(portrait.resize((300, 300)), (450, 450))
    hints = stubs.segment.Segment(asked(saved(far, "PNG"))).hints
    assert segment_pb2.CAPTURE_ADVICE_COME_NEARER in {hint.advice for hint in hints}


def test_masks_come_as_small_and_as_raw_as_they_are_wanted(stubs, astronaut):
    output = {"longest_edge_px": 128, "plane_format": image_pb2.PLANE_FORMAT_RAW_U8}
    response = stubs.segment.Segment(asked(astronaut, output=output, without_faces=True))
    mask = response.masks[0].mask
    assert (mask.width_px, mask.height_px, len(mask.data)) == (128, 128, 128 * 128)
    assert set(mask.data) == {0, 255}


def test_validating_runs_no_model(stubs, astronaut):
    response = stubs.segment.Segment(asked(astronaut, options={"validate_only": True}))
    assert not response.masks
    assert not response.served_by.models
    error = failure(stubs.segment.Segment, asked(b"text", options={"validate_only": True}))
    assert isinstance(error, reasons.ImageUnreadable)
