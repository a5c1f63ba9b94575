"""Opening a node into the elementary nodes it is made of, and folding them back. No torch: these are edits of the document.

* `opening.unfold` replaces a node by a group of nodes that compute the same, down to the gradients.
* `folding.fold` puts the node back, with its id, name, order and settings, as long as nothing inside was changed.
* `recipes` and `neurons` say of every type that can be opened what it consists of; `box` is what they build with.

An opened layer begins training with the weights it would have begun with as a layer, whatever the seed is: its Parameters know
where they come from (`origin`), and are drawn as the layer would draw them. Nothing large is written into the document for that.
"""

from engine.unfold.box import Shapes
from engine.unfold.folding import fold, folded_around, opened
from engine.unfold.opening import unfold
from engine.unfold.recipes import RECIPES

__all__ = ["RECIPES", "Shapes", "fold", "folded_around", "opened", "unfold"]
