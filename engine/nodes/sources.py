"""Where numbers enter a graph. The Program feeds Input, Constant and Data; nothing flows into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.nodes.base import (
    BoolSetting,
    Buffer,
    ChoiceSetting,
    FloatSetting,
    IntSetting,
    JsonSetting,
    NodeType,
    Result,
    Settings,
    TensorSetting,
    TextSetting,
)
from engine.numerics.lazy import torch
from engine.numerics.rng import drawn
from graph.model.spec import Port
from graph.text.messages import Message, _, ngettext

if TYPE_CHECKING:
    from torch import Tensor

TOYS = ("circles", "moons", "xor", "spiral", "blobs", "sine", "plane")
REAL = ("digits", "iris", "wine", "breast_cancer", "diabetes")
TYPED = ("function", "above_below")
_CLASSED = "dataset=circles|moons|xor|spiral|blobs|above_below"
_MADE = "dataset=" + "|".join((*TOYS, *TYPED))
_TYPED = "dataset=" + "|".join(TYPED)
_TABLE = "dataset=csv|pasted"


class Input(NodeType):
    """A value you set yourself: drag the slider and everything that depends on it follows.

    A single number has a slider between minimum and maximum; nested lists make a vector or a matrix. With data in the graph the
    same value meets every sample.
    """

    key, title, category = "source.input", "Input", "sources"
    role, default_name = "input", "x"
    search = ("variable", "slider", "number", "x")
    value = TensorSetting(1.0, help="A number, or nested lists: [1, 2] is a vector, [[1, 2], [3, 4]] a matrix.")
    minimum = FloatSetting(-10.0, help="Left end of the slider.")
    maximum = FloatSetting(10.0, help="Right end of the slider.")
    step = FloatSetting(0.1, 0, exclusive_minimum=True, help="The slider moves in multiples of this.")
    formula = r"@y = @value"
    code = ("", "{value}")

    def forward(self, s: Settings, value: Tensor) -> Tensor:
        return value


class Constant(NodeType):
    """A fixed number or tensor, such as the 2 in 2·x. Training never changes it."""

    key, title, category = "source.constant", "Constant", "sources"
    role, default_name = "constant", "c"
    search = ("number", "fixed", "literal")
    value = TensorSetting(1.0, help="A number, or nested lists: [1, 2] is a vector, [[1, 2], [3, 4]] a matrix.")
    formula = r"@y = @value"
    code = ("", "{value}")

    def forward(self, s: Settings, value: Tensor) -> Tensor:
        return value


class Data(NodeType):
    """Samples with features x and the target to predict, one mini-batch at a time.

    Toy sets are drawn with the seed; the others are real measurements. Part of the samples is held out for the test curves.
    Nothing is rescaled: add a Standardize node after it for that.
    """

    key, title, category = "source.data", "Data", "sources"
    role = "data"
    search = (
        "dataset", "samples", "csv", "table", "pictures", "images", "mnist", "cifar", "paint", "function", "features", "target", "batch",
        *TOYS, *REAL,
    )  # fmt: skip
    outputs = (
        Port("x", rank=(1, 3), doc="The features, one row per sample."),
        Port("target", "any", rank=(0, 1), doc="The target to predict, in the chosen coding."),
    )
    dataset = ChoiceSetting("moons", (*TOYS, *TYPED, *REAL, "points", "csv", "pasted", "pictures", "table"), title="Data set")
    function = TextSetting("sin(x)", when=_TYPED, title="y =", help="A function of x, such as sin(x), x^2 - 1 or where(x > 0, 1, -1).")
    x_from = FloatSetting(-3.0, -1e6, 1e6, when=_TYPED, title="x from", help="Where the range of x begins.")
    x_to = FloatSetting(3.0, -1e6, 1e6, when=_TYPED, title="x to", help="Where the range of x ends.")
    samples = IntSetting(200, 4, 1_000_000, when=_MADE, help="How many samples are drawn.")
    noise = FloatSetting(
        0.1, 0, 100, when=_MADE, help="Standard deviation of the noise that is added; on the spiral, whose arms are close, a tenth of it."
    )
    imbalance = FloatSetting(
        1.0, 1, 1000, when=_CLASSED, help="How many times as many samples the first class has as the last; 1: all have the same number."
    )
    outliers = FloatSetting(
        0.0, 0, 0.5, when=_MADE,
        help="Share of the samples that are outliers: points anywhere in a box of twice the size, which keep their class; "
        "with a real target, targets moved by three to six standard deviations.",
    )  # fmt: skip
    classes = IntSetting(3, 2, 20, when="dataset=blobs|spiral", help="How many blobs, or arms of the spiral.")
    path = TextSetting(
        "", when="dataset=csv", title="File", file="table",
        help="A text file such as .csv or .tsv, or an .xlsx workbook; a relative path starts at this document's folder.",
    )  # fmt: skip
    pasted = TextSetting(
        "", when="dataset=pasted", title="Table", several_lines=True,
        help="The table as text: one row per line, as copied from a spreadsheet.",
    )  # fmt: skip
    feature_columns = TextSetting("", when=_TABLE, help="Names separated by commas; empty: all columns but the target.")
    target_columns = TextSetting("", when=_TABLE, help="Names separated by commas; empty: the last column, or the one named label.")
    header = ChoiceSetting(
        "auto", ("auto", "names", "data"), when=_TABLE, title="First line",
        help="Whether line 1 names the columns or is the first sample; auto decides from the lines below it.",
    )  # fmt: skip
    decimal = ChoiceSetting(
        "auto", ("auto", "point", "comma"), when=_TABLE, title="Decimal sign",
        help="The decimal sign in the file; auto decides from the unambiguous cells.",
    )  # fmt: skip
    thousands = ChoiceSetting(
        "auto", ("auto", "none", "point", "comma", "blank", "apostrophe"), when=_TABLE, title="Thousands sign",
        help="The sign between thousands; auto allows any that the decimal sign leaves.",
    )  # fmt: skip
    separator = ChoiceSetting(
        "auto", ("auto", "comma", "semicolon", "tab", "bar", "colon", "blanks"), when=_TABLE,
        help="The sign between two cells; auto takes the one that cuts all lines into equally many cells.",
    )  # fmt: skip
    skip_rows = IntSetting(0, 0, 1000, when=_TABLE, title="Lines to skip", help="So many lines at the top are not part of the table.")
    comment = TextSetting(
        "auto", when=_TABLE, title="Comment sign", help="Lines that begin with it are skipped; auto: # at the top; empty: there are none."
    )
    encoding = ChoiceSetting(
        "auto", ("auto", "utf-8", "utf-16", "cp1252"), when="dataset=csv",
        help="How the file's bytes become letters; auto: UTF-8 where the bytes are valid UTF-8, else Windows-1252 (cp1252).",
    )  # fmt: skip
    missing_words = TextSetting(
        "", when=_TABLE, title="Missing values",
        help="Words that stand for no value, separated by commas, beside empty cells, NA, NaN, ? and the like; !NA: NA is a value.",
    )  # fmt: skip
    sheet = TextSetting("", when="dataset=csv", help="The sheet of a workbook; empty: the first one that holds a table.")
    columns = JsonSetting(when=_TABLE, help="Role, kind, treatment of missing values and coding of single columns.")
    pictures_path = TextSetting(
        "", when="dataset=pictures", title="Pictures", file="pictures",
        help="An IDX file, a CIFAR-10 batch, or a folder or zip archive with one folder per class; "
        "a relative path starts at this document's folder.",
    )  # fmt: skip
    labels_path = TextSetting(
        "", when="dataset=pictures", title="Labels", file="labels",
        help="Only for an IDX file: the file with its labels; empty: the file of that name beside it.",
    )  # fmt: skip
    most = IntSetting(
        0, 0, 10_000_000, when="dataset=pictures", title="At most", help="Of more pictures, so many are drawn with the seed; 0 reads all."
    )
    channels = ChoiceSetting(
        "as stored", ("as stored", "grey", "colour"), when="dataset=pictures",
        help="One channel of brightness, or red, green and blue; as stored: grey where all pictures are.",
    )  # fmt: skip
    height = IntSetting(0, 0, 4096, when="dataset=pictures", help="Height in pixels to which all are resized; 0: as in the files.")
    width = IntSetting(0, 0, 4096, when="dataset=pictures", help="Width in pixels to which all are resized; 0: as in the files.")
    pixels = ChoiceSetting(
        "0 to 1", ("0 to 1", "0 to 255"), when="dataset=pictures", title="Pixel values",
        help="The files hold bytes from 0 to 255; 0 to 1 divides them by 255.",
    )  # fmt: skip
    features = TensorSetting([[0, 0], [0, 1], [1, 0], [1, 1]], when="dataset=table", help="One row per sample.")
    targets = TensorSetting([0, 1, 1, 0], when="dataset=table", help="One number or one row per sample.")
    points = TensorSetting(
        [[-1, 0.5, 0], [-0.5, 1, 0], [-1, 1, 0], [0.5, -1, 1], [1, -0.5, 1], [1, -1, 1]], when="dataset=points",
        help="One row per point: x1, x2 and its class, 0, 1 … Paint them in the data panel.",
    )  # fmt: skip
    image = BoolSetting(False, when="dataset=digits", title="As images", help="1 × 8 × 8 pictures instead of rows of 64 numbers.")
    coding = ChoiceSetting(
        "auto",
        ("auto", "real", "index", "zero_one", "plus_minus", "one_hot"),
        title="Target coding",
        help="Real numbers, class index 0, 1, 2 …, 0/1, ±1, or one-hot; auto chooses what suits the data set.",
    )
    test_fraction = FloatSetting(0.25, 0, 0.9, help="Share of the samples held out for testing.")
    validation_fraction = FloatSetting(
        0.0, 0, 0.9, help="Share of the samples that judge the network while it trains; the test set is then read only on request."
    )
    stratified = BoolSetting(True, help="Every class keeps its share in each part; otherwise the parts are drawn from all samples alike.")
    seed = IntSetting(0, 0, 2**31 - 1, help="Draws the samples and the split.")
    formula = r"(@x, @target) = (x_n, t_n)_{n = 1, \ldots, N}"

    def forward(self, s: Settings, x: Tensor, target: Tensor) -> Result:
        return Result((x, target))


class Noise(NodeType):
    """New random numbers for every sample at every step. A generator network turns them into its samples.

    They follow from the training seed and the step, so that a step can be made again exactly. The input only says how many samples
    there are; no gradient flows back.
    """

    key, title, category = "source.noise", "Noise", "sources"
    default_name = "z"
    search = ("random", "latent", "normal", "gaussian", "uniform", "generator", "gan", "sample")
    random = True
    differentiable = False
    inputs = (Port("x", doc="One random vector is drawn for each sample that arrives here."),)
    size = IntSetting(1, 1, 1_000_000, help="How many numbers are drawn for each sample.")
    distribution = ChoiceSetting(
        "normal", ("normal", "uniform"), help="Normal with mean 0 and standard deviation 1, or uniform from −1 to 1."
    )
    formula = r"@y \sim <distribution>"
    formula_parts = {"distribution": ("distribution", {"normal": r"\mathcal{N}(0, 1)", "uniform": r"\mathcal{U}(-1, 1)"})}
    code = ("", "{draw}(*{x}.shape[:{axes}], {size}, dtype={dtype}, device={x}.device){end}")

    def forward(self, s: Settings, x: Tensor, rng: Any = None) -> Tensor:
        draw = torch.randn if s.distribution == "normal" else torch.rand
        shape = (*x.shape[: len(s.batched)], s.size)
        noise = drawn(draw, shape, rng, bool(s.batched), device=x.device, dtype=s.dtype)
        return noise if s.distribution == "normal" else 2 * noise - 1

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        draw, end = ("torch.randn", "") if s.distribution == "normal" else ("(2 * torch.rand", " - 1)")
        return {"draw": draw, "end": end, "axes": len(s.batched)}


class Standardize(NodeType):
    """Shifts and scales the features to mean 0 and standard deviation 1.

    Mean and scale are computed once, from the training set only, so nothing of the test set leaks in. A column that is constant
    there carries no information and becomes 0.
    """

    key, title, category = "source.standardize", "Standardize", "sources"
    search = ("normalize", "scale", "z-score", "whiten", "standard scaler")
    inputs = (Port("x", rank=(1, None)),)
    statistics = ChoiceSetting(
        "each column", ("each column", "all together"), help="A mean and a scale for every feature, or one for all (usual for images)."
    )
    buffers = (
        Buffer("mean", "μ, the mean over the training set", True),
        Buffer("scale", "1/σ over the training set; 0 where σ = 0", True),
    )
    formula = r"@y = (@x - \mu)\,/\,\sigma"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y}\,/\,\sigma"}
    gradients = {"x": lambda s, g, y, kept, x, mean, scale: g * scale}
    flow = "entries"
    code = ("", "({x} - {mean}) * {scale}")

    def forward(self, s: Settings, x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
        return (x - mean) * scale

    def parameter_shapes(self, s: Settings, **inputs: tuple[int, ...] | None) -> dict[str, tuple[int, ...]]:
        shape = () if s.statistics == "all together" else tuple(inputs["x"] or ())
        return {"mean": shape, "scale": shape}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        return torch.full(shape, 0.0 if name == "mean" else 1.0, dtype=torch.float64)

    def fit(self, s: Settings, *inputs: Tensor) -> dict[str, Tensor]:
        """Mean and 1/σ with the population's σ (division by n), as scikit-learn's StandardScaler."""
        (x,) = inputs
        rows = x.reshape(-1, 1) if s.statistics == "all together" else x.reshape(x.shape[0], -1)
        shape = () if s.statistics == "all together" else x.shape[1:]
        constant = rows.amax(0) == rows.amin(0)  # exact: the rounded σ of a constant column need not be 0
        scale = torch.where(constant, 0.0, 1 / rows.std(0, correction=0))
        return {"mean": torch.where(constant, rows[0], rows.mean(0)).reshape(shape), "scale": scale.reshape(shape)}

    def warnings(self, s: Settings, buffers: Mapping[str, Tensor]) -> list[Message]:
        """The columns that are constant in the training part."""
        columns = [str(i + 1) for i, scale in enumerate(buffers["scale"].reshape(-1).tolist()) if scale == 0]
        if not columns:
            return []
        if s.statistics == "all together":
            return [Message("constant-data", "all values are equal in the training set and become 0")]
        shown = ", ".join(columns[:10])
        if len(columns) > 10:
            shown = _("{columns} and {count} more").format(columns=shown, count=len(columns) - 10)
        text = ngettext(
            "column {columns} is constant in the training set and becomes 0",
            "columns {columns} are constant in the training set and become 0",
            len(columns),
        )
        return [Message("constant-columns", "{reason}", reason=text.format(columns=shown))]
