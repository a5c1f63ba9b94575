"""Real measurements that ship inside scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, at_once

if TYPE_CHECKING:
    from engine.data.raw import Raw

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


def _read(spec: DataSetSpec, values: Values) -> Raw:
    import numpy as np

    from engine.data.measured import measured
    from engine.data.raw import Raw

    x, y = measured(spec.key)
    if values.get("image"):
        x = x.reshape(-1, 1, 8, 8)
    if spec.classes:
        return Raw(x, None, y.astype(np.int64), spec.classes, spec.feature_names, spec.target_names)
    return Raw(x, y.reshape(-1, 1), None, (), spec.feature_names, spec.target_names)


SOURCE = Source(
    (
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
            picture=(8, 8),
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
    ),
    at_once(_read),
)
