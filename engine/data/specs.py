"""Which data sets there are: names, sizes and texts, for the window and for shape inference. No numpy, no torch, no scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DataSetSpec:
    """One data set. `settings` names the Data node's settings that matter to it; None in `rows` or `features`: it depends on those.

    `classes` is empty for regression; `made` marks sets that are drawn from a generator rather than measured.
    """

    key: str
    title: str
    doc: str
    target: Literal["classes", "real", "either"]
    settings: tuple[str, ...] = ()
    rows: int | None = None
    features: tuple[int, ...] | None = None
    feature_names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ("target",)
    made: bool = False

    @property
    def has_split(self) -> bool:
        """Whether it says itself which samples train and which test; rows typed by hand all train, in their order."""
        return "test_fraction" in self.settings


_DRAWN = ("samples", "noise", "seed", "test_fraction", "coding")
_FIXED = ("seed", "test_fraction", "coding")
_BREAST = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
_PLANE = ("x1", "x2")

_ALL = (
    DataSetSpec(
        "circles",
        "Circles",
        "Two rings, one inside the other: no straight line separates them.",
        "classes",
        _DRAWN,
        None,
        (2,),
        _PLANE,
        ("outer", "inner"),
        made=True,
    ),
    DataSetSpec("moons", "Moons", "Two half circles that interlock.", "classes", _DRAWN, None, (2,), _PLANE, ("upper", "lower"), made=True),
    DataSetSpec(
        "xor",
        "XOR",
        "Four clouds at the corners of a square; opposite corners are one class.",
        "classes",
        _DRAWN,
        None,
        (2,),
        _PLANE,
        ("same sign", "opposite sign"),
        made=True,
    ),
    DataSetSpec(
        "spiral",
        "Spiral",
        "Arms that wind around each other, one per class.",
        "classes",
        (*_DRAWN, "classes"),
        None,
        (2,),
        _PLANE,
        (),
        made=True,
    ),
    DataSetSpec(
        "blobs",
        "Blobs",
        "Clouds around points on a circle, one per class.",
        "classes",
        (*_DRAWN, "classes"),
        None,
        (2,),
        _PLANE,
        (),
        made=True,
    ),
    DataSetSpec("sine", "Sine", "y = sin x on [−π, π], with noise on y.", "real", _DRAWN, None, (1,), ("x",), (), ("y",), made=True),
    DataSetSpec(
        "plane", "Plane", "y = 1 + 2·x1 − 3·x2 on [−1, 1]², with noise on y.", "real", _DRAWN, None, (2,), _PLANE, (), ("y",), made=True
    ),
    DataSetSpec(
        "digits",
        "Handwritten digits",
        "1,797 handwritten digits, 8 × 8 pixels with values 0 to 16.",
        "classes",
        (*_FIXED, "image"),
        1797,
        (64,),
        tuple(f"pixel_{r}_{c}" for r in range(8) for c in range(8)),
        tuple("0123456789"),
        ("digit",),
    ),
    DataSetSpec(
        "iris",
        "Iris",
        "150 iris flowers of three species, four lengths in cm (Fisher 1936).",
        "classes",
        _FIXED,
        150,
        (4,),
        ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
        ("setosa", "versicolor", "virginica"),
        ("species",),
    ),
    DataSetSpec(
        "wine",
        "Wine",
        "178 wines from three growers, 13 chemical measurements.",
        "classes",
        _FIXED,
        178,
        (13,),
        (
            "alcohol",
            "malic_acid",
            "ash",
            "alcalinity_of_ash",
            "magnesium",
            "total_phenols",
            "flavanoids",
            "nonflavanoid_phenols",
            "proanthocyanins",
            "color_intensity",
            "hue",
            "od280/od315_of_diluted_wines",
            "proline",
        ),
        ("class_0", "class_1", "class_2"),
        ("grower",),
    ),
    DataSetSpec(
        "breast_cancer",
        "Breast cancer",
        "569 tumours, 30 measurements each, malignant or benign.",
        "classes",
        _FIXED,
        569,
        (30,),
        (*(f"mean {n}" for n in _BREAST), *(f"{n} error" for n in _BREAST), *(f"worst {n}" for n in _BREAST)),
        ("malignant", "benign"),
        ("tumour",),
    ),
    DataSetSpec(
        "diabetes",
        "Diabetes",
        "442 patients, ten measurements in their own units (age in years …), progression after a year.",
        "real",
        _FIXED,
        442,
        (10,),
        ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
        (),
        ("progression",),
    ),
    DataSetSpec(
        "csv",
        "CSV file",
        "Your own table, one row per sample. Separator, decimal sign and column names are recognised, and what was recognised is said.",
        "either",
        ("path", "feature_columns", "target_columns", "header", "decimal", "seed", "test_fraction", "coding"),
    ),
    DataSetSpec(
        "table",
        "Typed by hand",
        "Rows typed into the node, in that order, all of them for training.",
        "either",
        ("features", "targets", "coding"),
    ),
)

DATA_SETS: dict[str, DataSetSpec] = {spec.key: spec for spec in _ALL}


def leading(data_sets: Sequence[DataSetSpec]) -> int | None:
    """Which of several data sets that go row by row decides the order and the split of all: the first that has a split of its own."""
    return next((place for place, spec in enumerate(data_sets) if spec.has_split), None)
