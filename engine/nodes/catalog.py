"""The specs of all node types, for the document and the window. Importing this does not import torch."""

from __future__ import annotations

from engine.nodes import TYPES
from graph.model.spec import CATEGORIES, Catalog

CATALOG = Catalog(sorted((node_type.spec for node_type in TYPES.values()), key=lambda spec: CATEGORIES.index(spec.category)))
