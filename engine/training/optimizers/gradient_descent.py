"""Gradient descent: the whole training set in every step."""

from __future__ import annotations

from engine.training.optimizers.sgd import Sgd


class GradientDescent(Sgd):
    key, title, order = "gd", "Gradient descent", 0
    family = "gradient"
    doc = "A step against the gradient of the whole training set (Cauchy 1847). SGD takes the same step along a mini-batch's gradient."
    full_batch = True
