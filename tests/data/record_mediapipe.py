"""Records what mediapipe and LiteRT answer about the astronaut; see README.md beside it.

Runs in an environment of its own, never in the project's: mediapipe wants other versions.
"""

from __future__ import annotations

from pathlib import Path

import mediapipe
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from google.protobuf import text_format
from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig
from mediapipe.framework.formats.rect_pb2 import NormalizedRect
from mediapipe.python._framework_bindings import resource_util
from skimage.data import astronaut

HERE = Path(__file__).parent
MODULES = Path(mediapipe.__file__).parent / "modules"
FACE = (slice(10, 202), slice(128, 320))
"""Rows and columns of the astronaut's face: 192x192, nothing resampled."""
ATTENTION_GRAPH = """
input_stream: "image"
input_stream: "roi"
input_side_packet: "with_attention"
output_stream: "landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""


def record_solutions() -> None:
    """Write what the whole of mediapipe's three solutions finds in the photo."""
    photo = astronaut()
    height, width, _ = photo.shape
    size = np.array([width, height])
    solutions = mediapipe.solutions
    with solutions.face_detection.FaceDetection(
        model_selection=1, min_detection_confidence=0.5
    ) as net:
        (face,) = net.process(photo).detections
    with solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as net:
        person = net.process(photo).segmentation_mask
    box = face.location_data.relative_bounding_box
    points = [(point.x, point.y) for point in face.location_data.relative_keypoints]
    np.savez_compressed(
        HERE / "mediapipe_astronaut.npz",
        box=np.float32(
            [box.xmin * width, box.ymin * height, box.width * width, box.height * height]
        ),
        score=np.float32(face.score[0]),
        keypoints=np.float32(points * size),
        landmarks_468=mesh(photo, refine=False),
        landmarks_478=mesh(photo, refine=True),
        person=np.round(person.astype(np.float64) * 65535).astype(np.uint16),
    )


def mesh(photo: np.ndarray, *, refine: bool) -> np.ndarray:
    """Return the landmarks of the one face, x, y and z in pixels of the photo."""
    height, width, _ = photo.shape
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=refine
    ) as net:
        (face,) = net.process(photo).multi_face_landmarks
    points = [(p.x * width, p.y * height, p.z * width) for p in face.landmark]
    return np.float32(points)


def record_networks() -> None:
    """Write the raw outputs of the networks, in the shape LiteRT gives them.

    LiteRT has no custom operators of the attention mesh: mediapipe's own graph answers for it.
    """
    face, photo = astronaut()[FACE], astronaut()[::2, ::2]
    answers = {
        "detector": answer("face_detection/face_detection_full_range_sparse", face / 127.5 - 1),
        "mesh": answer("face_landmark/face_landmark", face / 255),
        "selfie": answer("selfie_segmentation/selfie_segmentation", photo / 255),
    }
    flat = {f"{net}.{name}": array for net, out in answers.items() for name, array in out.items()}
    flat["attention.landmarks"] = attention_landmarks(np.ascontiguousarray(face))
    np.savez_compressed(HERE / "networks_astronaut.npz", **flat)


def answer(network: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return what LiteRT answers to one image, by the name of the output."""
    interpreter = Interpreter(str(MODULES / f"{network}.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    interpreter.set_tensor(taken["index"], image[None].astype(np.float32))
    interpreter.invoke()
    given = interpreter.get_output_details()
    return {output["name"]: interpreter.get_tensor(output["index"]) for output in given}


def attention_landmarks(image: np.ndarray) -> np.ndarray:
    """Return mediapipe's 478 landmarks of a 192x192 image whose region is all of it, in pixels."""
    resource_util.set_resource_dir(str(MODULES.parent.parent))
    graph = mediapipe.CalculatorGraph(
        graph_config=text_format.Parse(ATTENTION_GRAPH, CalculatorGraphConfig())
    )
    create, faces = mediapipe.packet_creator, []
    graph.observe_output_stream(
        "landmarks", lambda _, packet: faces.append(mediapipe.packet_getter.get_proto(packet))
    )
    graph.start_run({"with_attention": create.create_bool(True)})
    frame = create.create_image_frame(image_format=mediapipe.ImageFormat.SRGB, data=image)
    region = create.create_proto(NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1))
    graph.add_packet_to_input_stream("image", frame.at(0))
    graph.add_packet_to_input_stream("roi", region.at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return 192 * np.float32([(p.x, p.y, p.z) for p in faces[0].landmark])


if __name__ == "__main__":
    record_solutions()
    record_networks()
