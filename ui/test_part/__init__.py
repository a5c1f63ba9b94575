"""The test part of the data, which is read only on request where a validation part judges the network."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has
from ui.shell.workspace.feature import FeatureSpec

ROWS = (
    ActionSpec("read_test", _("Read the test set"), "Run", ("Ctrl+Shift+F9",), enabled=has("test on request"), before=True,
               tip=_("Measure the network on the test set, which is not read while a validation set judges it"),
               search=("accuracy", "held out", "generalization", "final"), run="test_part.read"),
)  # fmt: skip
FEATURE = FeatureSpec("test_part", "ui.test_part.feature:TestPart", 12, ROWS)
