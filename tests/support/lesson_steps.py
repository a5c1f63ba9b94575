"""The steps of a small lesson about f = x·y + z."""

from __future__ import annotations

STEPS = [
    {"title": "The graph", "text": "Here is $f = x \\cdot y + z$.", "highlight": ["x"], "notes": "Say hello."},
    {
        "title": "A product", "highlight": ["x -> multiply.a"], "dim": True, "hide": {"values": ["multiply"]},
        "run": [{"do": "set", "node": "x", "value": 3.0}, {"do": "view", "fit": ["x", "multiply"]}, {"do": "select", "items": ["y"]}],
        "ask": [
            {
                "kind": "predict", "text": "What is x times y?", "of": "multiply", "expected": -15.0,
                "answer": "$3 \\cdot (-5)$", "hint": "Multiply.",
            },
            {
                "kind": "choice", "text": "Its sign?",
                "options": [{"text": "+", "feedback": "No: one factor is negative."}, {"text": "−", "right": True}],
            },
            {"kind": "text", "text": "Why?", "answer": "Because."},
        ],
    },
    {"title": "Another z", "run": [{"do": "set", "node": "z", "value": -1.0}, {"do": "play", "phase": "forward"}]},
    {"title": "The end", "run": [{"do": "set", "node": "x", "value": 1.0}, {"do": "train", "steps": 3}]},
]  # fmt: skip
