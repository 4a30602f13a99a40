"""The recipes of animalizing: steps that teach, trainings that resume, and honest scores."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import KEYS, Counterparts
from limner_models.data.poses import poses
from limner_models.errors import MaterialMissing
from limner_models.networks.animal_generator import KINDS, AnimalGenerator
from limner_models.networks.animal_keypoints import AnimalKeypoints
from limner_models.networks.animalizer import Animalizer, Shape
from limner_models.networks.eyes import MobileEye
from limner_models.networks.face_unets import FaceExtractor
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.recipes import RECIPES, animal_faces, animal_scores, animalizer
from limner_models.recipes.animal_faces import SMALL, finished, moved, pairs, shown
from limner_models.recipes.animal_generator import (
    ANIMAL_GENERATOR_RECIPE,
    Generated,
    Generating,
    kept,
)
from limner_models.recipes.animal_keypoints import ANIMAL_KEYPOINTS_RECIPE, CORNERS, Pointing
from limner_models.recipes.animal_scores import (
    correlation,
    held_out_scores,
    kid,
    openness,
    outlines,
)
from limner_models.recipes.animal_segmenter import Cutting
from limner_models.recipes.animalizer import ANIMALIZER_GENERATED, ANIMALIZER_RECIPE
from limner_models.recipes.animalizer_unpaired import Unpaired, unpaired
from limner_models.recipes.animalizing import Animalizing, Lookers
from limner_models.recipes.recipe import Drawings, Material
from limner_models.train import WEIGHTS, Run, train
from limner_registry.animals import ANCHORS, ANIMALS, TOLD
from tests.unit.models.conftest import BEAST

CPU = torch.device("cpu")
SHAPE = Shape(
    side=BEAST // 2,
    widths=(16, 16, 16, 16),
    fine=8,
    pelt=4,
    coat=4,
    weave=8,
    lids=(3, 4, 4),
    places=32,
    told=16,
)
SEEDS = Drawings(count=6, held_out=4, size=BEAST, variants=("animals",))


def eye():
    torch.manual_seed(5)
    return MobileEye(MobileNetEncoder().state_dict())


def finder():
    torch.manual_seed(6)
    return AnimalKeypoints(len(KEYS))


def told(folder):
    files = sorted(folder.glob("*.npz"))[: SEEDS.count]
    return {name: torch.from_numpy(array) for name, array in poses(files).items()}


def task_of(recipe, material, device):
    lookers, known = Lookers(eye(), finder()), told(material.portraits)
    return Animalizing(Animalizer(SHAPE), lookers, known, recipe.steps, device)


TINY = replace(
    ANIMALIZER_RECIPE,
    data=SEEDS,
    steps=4,
    batch=2,
    network=partial(Animalizer, SHAPE),
    task=task_of,
)


@pytest.fixture(scope="module")
def material(counterparts_folder, tmp_path_factory):
    """Counterparts, and a finder of key points that was trained before."""
    trained = tmp_path_factory.mktemp("training")
    folder = trained / "animal_keypoints"
    folder.mkdir()
    save_file(finder().state_dict(), folder / WEIGHTS)
    return Material(counterparts_folder, trained=trained)


@pytest.fixture(scope="module")
def batch(counterparts_folder):
    files = tuple(sorted(counterparts_folder.glob("*.npz")))
    arrays = Counterparts(files, Backgrounds(None), 2)(np.random.default_rng(3))
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def taught(counterparts_folder):
    """What makes a task of a number of steps, and of generated pairs if any."""

    def make(steps, generated=None):
        torch.manual_seed(0)
        known, lookers = told(counterparts_folder), Lookers(eye(), finder())
        return Animalizing(Animalizer(SHAPE), lookers, known, steps, CPU, generated)

    return make


@pytest.fixture
def without_download(monkeypatch):
    """Let scores see with untrained eyes: what they measure is not of interest here."""
    state = MobileNetEncoder().state_dict()
    monkeypatch.setattr(animal_scores, "state_of", lambda *_: state)


def unseen(_step, _values):
    """Watch nothing."""


def stop_at(wanted):
    def watch(step, _values):
        if step == wanted:
            os.kill(os.getpid(), signal.SIGTERM)

    return watch


def test_a_training_that_was_stopped_ends_with_the_very_weights_of_one_that_was_not(
    material, tmp_path
):
    whole = train(Run(TINY, material, "d", tmp_path / "whole", CPU, 0), unseen)
    parts = Run(TINY, material, "d", tmp_path / "parts", CPU, 0)
    assert train(parts, stop_at(2)).weights is None

    resumed = train(parts, unseen)

    expected, found = load_file(whole.weights), load_file(resumed.weights)
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name


def test_pairs_are_learned(batch, taught):
    task = taught(100)
    for group in task.optimizers["network"].param_groups:
        group["lr"] = 5e-3

    losses = [task.step(batch, 1) for _ in range(30)]

    for name in ("coarse", "pixels", "anchors", "place", "posed", "posed anchors"):
        assert losses[-1][name] < 0.8 * losses[0][name], name


def test_judge_and_key_points_join_late_and_the_loss_network_looks_in_between(batch, taught):
    task = taught(10)

    early, judged, looked = (set(task.step(batch, step)) for step in (0, 8, 9))

    assert early - judged == looked - judged == {"content", "style"}
    assert judged - early == {"judged", "judge", "points", "lids"}
    assert looked - early == {"points", "lids"}


def test_what_only_looks_on_never_changes(batch, taught):
    task = taught(1)
    before = {k: v.clone() for k, v in (*task.eye.state_dict().items(),
                                        *task.finder.state_dict().items())}  # fmt: skip
    task.step(batch, 1)
    after = {**task.eye.state_dict(), **task.finder.state_dict()}
    assert all(torch.equal(after[name], was) for name, was in before.items())
    assert set(task.modules) == {"network", "judge"}  # a checkpoint holds what changes


def test_generated_pairs_are_taken_as_often_as_the_recipe_says(batch, taught):
    asked = []

    def source(count):
        asked.append(count)
        side = BEAST // 4
        return {**batch, "drawn": torch.randint(0, 256, (count, side, side, 4)).to(torch.uint8)}

    task = taught(10, (1.0, source))
    assert set(task.step(batch, 0)) == {
        "generated coarse",
        "generated coarse outline",
        "generated coarse steps",
    }
    task = taught(10, (0.0, source))
    assert "pixels" in task.step(batch, 0)
    assert asked == [2]


def test_generator_and_segmenter_make_pairs_as_the_animalizer_takes_them():
    torch.manual_seed(0)
    generator = AnimalGenerator(4, (8, 8, 8)).eval()
    made = Generated(generator, FaceExtractor().eval(), 32)(3)

    assert made["image"].shape == (3, 32, 32, 3)
    assert made["drawn"].shape == (3, 16, 16, 4)
    assert made["points"].shape == (3, len(TOLD), 2)
    for animal, coat in zip(made["animal"][:, 0], made["coat"][:, 0], strict=True):
        assert int(coat) < len([*ANIMALS.values()][int(animal)].coats)


def test_a_generated_animal_ends_below_the_person_s_chin():
    points = torch.full((1, len(TOLD), 2), 0.5)
    share = kept(points, 64)[0, 0, :, 0]
    assert (share[:32] == 1).all()
    assert (share[42:] == 0).all()


def test_the_generator_learns_people_and_their_animals(counterparts_folder):
    files = tuple(sorted(counterparts_folder.glob("*.npz")))[:4]
    from limner_models.data.registered import Registered

    arrays = Registered(files, 4, 16)(np.random.default_rng(0))
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.manual_seed(0)
    task = Generating(AnimalGenerator(8, (8, 8, 8)), eye(), 4, CPU)
    assert int(task.network.known) == 4
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = 5e-3

    first, second, *_, last = [task.step(batch, step) for step in range(30)]

    assert {"judged", "judge", "smooth"} <= set(first)
    assert set(second) == {"pixels", "content", "points"}
    assert last["pixels"] < 0.8 * second["pixels"]
    assert last["points"] < second["points"]


@pytest.mark.parametrize("build", [
    lambda: Pointing(finder(), CPU),
    lambda: Cutting(FaceExtractor(), CPU),
])  # fmt: skip
def test_what_measures_animals_is_learned(build, batch):
    torch.manual_seed(0)
    task = build()
    for group in task.optimizers["adam"].param_groups:
        group["lr"] = 5e-3
    losses = []
    for _ in range(12):
        torch.manual_seed(1)
        losses.append(sum(task.step(batch, 0).values()))
    assert losses[-1] < 0.9 * losses[0]


def test_without_pairs_both_ways_and_three_judges_learn(batch):
    torch.manual_seed(0)
    values = Unpaired(Animalizer(SHAPE), CPU).step(batch, 0)
    assert {"cycle", "cycle back", "points"} < set(values)
    assert {f"judge {name}" for name in ("coarse", "fine", "human")} < set(values)


def test_nobody_is_shown_their_own_animal_without_pairs(batch):
    sides = unpaired(batch, BEAST // 4)
    assert torch.equal(sides.person["image"], batch["image"])
    assert torch.equal(sides.person["animal"], batch["animal"].roll(1, 0))
    drawn = (sides.beast.color.permute(0, 2, 3, 1) * 255).round().to(torch.uint8)
    assert torch.equal(drawn, batch["drawn"].roll(1, 0)[..., :3])


def test_pictures_and_points_are_moved_alike():
    torch.manual_seed(2)
    planes = torch.zeros(4, 1, 64, 64)
    planes[:, :, 19:22, 39:42] = 1  # around (40.5, 20.5) of 64
    out, points = moved(planes, torch.tensor([[[40.5 / 64, 20.5 / 64]]]).expand(4, 1, 2))
    assert not torch.allclose(points[0], points[1])
    for picture, (point,) in zip(out, points, strict=True):
        rows, columns = torch.meshgrid(*[torch.arange(64) + 0.5] * 2, indexing="ij")
        weight = picture[0] / picture.sum()
        middle = torch.stack(((weight * columns).sum(), (weight * rows).sum())) / 64
        assert torch.allclose(middle, point, atol=0.01)


def test_animals_are_shown_before_other_people_s_photos(batch):
    torch.manual_seed(0)
    picture, alpha = shown(batch)
    assert picture.shape == (2, 3, SMALL, SMALL)
    assert alpha.shape == (2, 1, SMALL, SMALL)
    assert ((alpha >= 0) & (alpha <= 1)).all()
    assert ((picture >= 0) & (picture <= 1)).all()


@pytest.mark.usefixtures("without_download")
def test_scores_are_shares_for_every_animal(material):
    torch.manual_seed(0)
    scores = held_out_scores(Animalizer(SHAPE), TINY, material)

    wanted = {
        f"{name}_{animal}"
        for name in ("away", "near", "eyes", "read", "mouth", "kid")
        for animal in ANIMALS
    }
    assert set(scores) == wanted | {"outline", "kept", "anchors"}
    assert all(0 <= score <= 1 for score in scores.values())


def test_an_eye_that_nobody_could_read_in_the_target_does_not_count():
    rng = np.random.default_rng(0)
    person = rng.uniform(0, 0.6, (20, 3))
    doing, read = person.copy(), np.ones((20, 3), bool)
    doing[:8, 0], read[:8, 0] = 1 - doing[:8, 0], False
    planes = [torch.from_numpy(rng.standard_normal(4)).float() for _ in range(40)]
    faces = animal_scores.Faces(
        [torch.zeros(14)] * 20, [*doing], [*person], [*read], planes[:20], planes[20:]
    )

    scores = animal_scores.of_faces(faces)

    assert scores["eyes"] == pytest.approx(1)
    assert scores["read"] == pytest.approx(32 / 40)


@pytest.mark.usefixtures("without_download")
def test_the_true_animals_score_best(material):
    class Perfect(torch.nn.Module):
        """Answers what stands in the person's place, by looking it up."""

        def __init__(self):
            super().__init__()
            files = pairs(replace(TINY, data=replace(SEEDS, count=1)), material)
            composer = replace(files, astray=animal_scores.ASTRAY, hidden=0)
            self.known = {}
            for index in range(8):
                path = material.portraits / f"{index // 2:06d}.npz"
                rng = np.random.default_rng((TINY.seed, index))
                sample = composer.sample(path, index % 2, rng)
                self.known[sample["image"].tobytes()] = sample["drawn"], sample["anchors"]

        def forward(self, image, _points, _animal, _coat):
            drawn, anchors = self.known[image[0].numpy().tobytes()]
            return torch.from_numpy(drawn)[None], torch.from_numpy(anchors)[None]

    scores = held_out_scores(Perfect(), TINY, material)

    assert all(scores[f"near_{animal}"] == 1 for animal in ANIMALS)
    assert all(scores[f"away_{animal}"] == 0 for animal in ANIMALS)
    assert scores["outline"] == scores["anchors"] == 1
    assert scores["kept"] == 1


def test_openness_follows_the_lids_and_the_lips():
    points = {name: np.array([0.5, 0.5]) for name in KEYS}
    points |= {"eye_outer_r": np.array([0.2, 0.5]), "eye_inner_r": np.array([0.4, 0.5])}
    points |= {"eye_outer_l": np.array([0.8, 0.5]), "eye_inner_l": np.array([0.6, 0.5])}
    points |= {"eye_top_r": np.array([0.3, 0.45]), "eye_bottom_r": np.array([0.3, 0.55])}
    points |= {"lip_bottom": np.array([0.5, 0.8])}
    np.testing.assert_allclose(openness(points), [0.5, 0, 0.5], atol=1e-9)
    wider = points | {"eye_outer_r": np.array([0.0, 0.5])}
    np.testing.assert_allclose(openness(points, wider), [0.25, 0, 0.375], atol=1e-9)


def test_correlation_of_what_never_varies_is_nothing():
    assert correlation(np.ones(5), np.arange(5.0)) == 0
    assert correlation(np.arange(5.0), 3 * np.arange(5.0) + 1) == pytest.approx(1)
    assert correlation(np.arange(5.0), -np.arange(5.0)) == 0


def test_sets_of_one_source_are_nearer_than_others():
    torch.manual_seed(0)
    one, other, far = torch.randn(60, 8), torch.randn(60, 8), torch.randn(60, 8) + 1
    assert abs(kid(one, other)) < 0.2
    assert kid(one, far) > 5 * abs(kid(one, other))


def test_what_is_drawn_beyond_the_target_is_seen():
    true = torch.zeros(1, 1, 100, 100)
    true[..., 30:70, 30:70] = 1
    assert outlines(true, true) == [1, 1]
    spilt = true.clone()
    spilt[..., :10] = 0.5
    overlap, kept_share = outlines(spilt, true)
    assert overlap < 1
    assert kept_share < 0.95


def test_a_network_that_is_not_trained_yet_is_asked_for_by_its_command(tmp_path):
    with pytest.raises(MaterialMissing, match="limner train animal_generator --no-publish"):
        finished(ANIMAL_GENERATOR_RECIPE, Material(tmp_path, trained=tmp_path), CPU)


def test_another_recipe_s_network_comes_frozen(material):
    network = finished(ANIMAL_KEYPOINTS_RECIPE, material, CPU)
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


def test_the_card_says_how_much_generated_pairs_gave(material):
    said = ANIMALIZER_GENERATED.trained_on(ANIMALIZER_GENERATED, material)
    assert "75% of the steps learned from exact pairs" in said
    assert "25% from pairs of people who do not exist" in said
    assert "do not exist" not in ANIMALIZER_RECIPE.trained_on(ANIMALIZER_RECIPE, material)
    unpaired_recipe = RECIPES["animalizer_unpaired"]
    assert "no pair was used" in unpaired_recipe.trained_on(unpaired_recipe, material)


def test_one_recipe_is_taught_by_cats_alone(material):
    recipe = replace(RECIPES["animalizer_cat"], data=SEEDS, batch=2)
    composed = recipe.sampler(recipe, material)(np.random.default_rng(0))
    assert (composed["animal"] == 0).all()


def test_golden_inputs_are_people_who_become_animals():
    examples = animalizer.drawn_people()
    told = dict(zip(TOLD, examples["points"][0], strict=True))
    assert told["pupil_r"][0] < told["nose_tip"][0] < told["pupil_l"][0]
    assert told["nose_tip"][1] < told["chin"][1] < 1
    assert animal_faces.drawn_faces()["image"].shape == (2, SMALL, SMALL, 3)
    assert sum(len(animal.coats) for animal in ANIMALS.values()) + 1 == KINDS
    assert len(ANCHORS) == 9
    assert max(CORNERS) < len(KEYS)
