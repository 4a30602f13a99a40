"""Turns a face into an animal's with onnxruntime and OpenCV alone: NET ME.jpg ME.json fox OUT.png.

`limner models export animalizer -o NET` and `limner segment ME.jpg -o FOUND`, which has ME.json.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

net, photo_file, faces_file, name, out_file = sys.argv[1:]
told = json.loads(Path(net, "manifest.json").read_text())["alignment"]
mesh = np.array(json.loads(Path(faces_file).read_text())["faces"][0]["landmarks"])[:, :2]
photo, twice = cv2.imread(photo_file).astype(np.float32), [0, 0, 1, 1, 2, 3, 4]  # the eyes
p = np.array([mesh[which].mean(0) for which in told["five"]])[twice]
q = np.array(told["animals"][name]["template"])[twice]
(p, middle), (q, goal) = ((points - points.mean(0), points.mean(0)) for points in (p, q))
a, b = (p * q).sum(), (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()
least = np.linalg.inv(p.T @ p + 0.01 * (p * p).sum() * np.eye(2))
turn = (q.T @ p + 0.01 * np.array([[a, -b], [b, a]])) @ least  # nearly the best affine map,
x, y = turn[:, 0] / np.hypot(*turn[:, 0])  # kept from stretching and shearing much
across, shear, _, down = (np.array([[x, y], [-y, x]]) @ turn).ravel()
high, shear = np.sqrt(np.clip(down / across, 0.85, 1.18)), np.clip(shear / down, -0.1405, 0.1405)
size = np.sqrt(across * down) / told["head"]  # shares of the crop's side in a pixel
turn = size * np.array([[x, -y], [y, x]]) @ [[1 / high, shear * high], [0, high]]
share, half = np.column_stack((turn, goal - turn @ middle)), [0, 0, 0.5]
calm = cv2.GaussianBlur(photo, (0, 0), max(0.5 / (256 * size), 0.1))[..., ::-1]
crop = cv2.warpAffine(calm, share * 256 - half, (256, 256), borderMode=cv2.BORDER_REPLICATE)
seen = np.array([mesh[which].mean(0) for which in told["told"].values()]) @ turn.T + share[:, 2]
kind, coat = np.uint8([[list(told["animals"]).index(name)]]), np.uint8([[0]])
session = onnxruntime.InferenceSession(f"{net}/model.onnx", providers=["CPUExecutionProvider"])
takes = {"image": np.uint8(crop + 0.5)[None], "points": np.float32(seen)[None]}
drawn = session.run(["drawn"], {**takes, "animal": kind, "coat": coat})[0][0] / np.float32(255)
drawn[..., :3] = drawn[..., 2::-1] * drawn[..., 3:]
laid = cv2.warpAffine(drawn, share * 512 - half, photo.shape[1::-1], flags=cv2.INTER_CUBIC | 16)
fused = 255 * laid[..., :3] + (1 - laid[..., 3:]) * photo
cv2.imwrite(out_file, np.uint8(fused.clip(0, 255) + 0.5))
