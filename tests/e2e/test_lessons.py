"""Every lesson: it can be read, fits its graph at every step, asks something, and its questions' answers stand on its canvas."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from engine.explain.misconceptions.match import is_right
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import optimizer
from graph.lessons.lesson import KINDS, MEASURED, dumps, graph_path, loads, shelf
from graph.lessons.lesson_actions import ACTIONS
from graph.lessons.lesson_graph import check, graph_at, item_name, resolve
from graph.model.lint import lint
from graph.storage.files import load as load_graph
from tests.support.cases import cases_by
from tests.support.lesson_support import EXAMPLES, FOLDER, NAMES, open_lesson, played, texts_of
from ui.maths.formula import svg
from ui.shell.actions import BY_ID

ROWS = {
    "derivative as a limit": "derivative",
    "gradient, Jacobian, Hessian": "gradients",
    "Jacobian of a map": "jacobian",
    "directional derivative": "direction",
    "Taylor, first and second order": "taylor",
    "Lipschitz function, Lipschitz gradient": "lipschitz",
    "optimality": "optimality",
    "numerical against analytical gradient": "numerical-gradient",
    "f = x·y + z at x=2, y=−5, z=3": "xy-plus-z",
    "each node knows only its own inputs and outputs": "local-knowledge",
    "several paths": "several-paths",
    "least squares through modules": "least-squares",
    "MLP as modules": "mlp-modules",
    "tanh MLP 2–4–2, softmax, cross-entropy": "tanh-2-4-2",
    "layer form": "layer-form",
    "why reverse mode": "reverse-mode",
    "losses": "losses",
    "activations": "activations",
    "layer kinds named in the lectures": "layer-kinds",
    "perceptron": "perceptron",
    "gradient descent, SGD, mini-batch": "mini-batch",
    "heavy ball": "heavy-ball",
    "Nesterov": "nesterov",
    "AdaGrad": "adagrad",
    "RMSProp": "rmsprop",
    "Adadelta": "adadelta",
    "Adam": "adam",
    "Nadam, AdamW": "nadam-adamw",
    "perturbed SGD": "perturbed-sgd",
    "Newton": "newton",
    "BFGS, L-BFGS": "bfgs",
    "line search": "line-search",
    "schedules": "schedules",
    "less common, later": "no-more-pesky-rates",
    "One frame holds five of them": "uniform-frame",
    "non-convex rate": "nonconvex-rate",
    "convex rate": "convex-rate",
    "strongly convex": "strongly-convex",
    "SGD, non-convex": "sgd-rate",
    "x² + 3 sin²x": "wavy-bowl",
    "(1 − w₂w₁)²": "step-chooses-minimum",
    "ill-conditioning": "ill-conditioning",
    "ill-conditioning, turned axes": "turned-valley",
    "saddle points": "saddle-points",
    "sharp and flat minima": "sharp-flat-minima",
    "mini-batch noise": "minibatch-noise",
    "batch size and η": "batch-size-rate",
    "lifting": "lifting",
    "empirical risk": "generalization-gap",
    "universal approximation": "universal-approximation",
    "depth against width": "depth-width",
    "over-parameterization": "over-parameterization",
    "convex problem recognised": "convex-problem",
    "perceptron and least mean squares": "painted-points",
    "adaptive methods may generalize worse": "adaptive-methods",
}
"""The rows of the course on derivatives, graphs, backpropagation and learning, and the lesson of each."""

STEPS = [(name, number) for name in NAMES for number in range(len(open_lesson(name)[0].steps))]
FORMULA = re.compile(r"\$\$?([^$\n]+?)\$\$?")


def test_every_row_of_the_course_has_its_lesson() -> None:
    by_topic = {topic: name for name in NAMES for topic in open_lesson(name)[0].topics}
    assert {topic: by_topic.get(topic) for topic in ROWS} == ROWS
    course = [path.stem for path, _ in shelf(FOLDER) if path.stem in ROWS.values()]
    assert course == list(ROWS.values()), "the shelf is in the order of the course"


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_has_its_figures_checked_against_something_else_than_the_app(name: str) -> None:
    figures = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_lesson_figures_*.py")]
    assert any(f'"{name}"' in text for text in figures), "write a test of its figures in tests/e2e/test_lesson_figures_….py"


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_fits_its_graph_and_the_window(name: str) -> None:
    lesson, graph = open_lesson(name)
    check(lesson, graph, name, actions=BY_ID)
    assert loads(dumps(lesson)) == lesson
    assert (FOLDER / f"{name}.gwlesson").read_text("utf-8") == dumps(lesson), "the file is as the app would write it"


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_four_to_nine_steps_and_asks_lights_runs_and_notes(name: str) -> None:
    lesson, _ = open_lesson(name)
    assert lesson.summary and 4 <= len(lesson.steps) <= 9
    assert any(question.kind != "text" for step in lesson.steps for question in step.ask), "a question the app can judge"
    assert any(step.highlight for step in lesson.steps) and any(step.run for step in lesson.steps)
    assert any(step.notes for step in lesson.steps) and all(step.text for step in lesson.steps)


@cases_by(lambda step: step[0], STEPS)
def test_every_step_can_be_opened_from_anywhere(step: tuple[str, int]) -> None:
    """Its document is sound, what it hides and lights is on the canvas, and what its questions ask for is a number there."""
    shown = played(*step)
    assert not lint(shown.graph)
    assert not [problem for problem in shown.session.problems if problem.severity == "error"]
    optimizer(shown.graph.training["optimizer"]).with_defaults(shown.graph.training["hyper"])
    for quantity, names in (("value", shown.step.hide_values), ("gradient", shown.step.hide_gradients)):
        assert all(shown.tensor(hidden, quantity) is not None for hidden in names)
    for question in shown.step.ask:
        if question.of and question.quantity not in MEASURED:
            answer = shown.answer(question)
            right = question.expected is None or is_right(answer, question.expected, question.tolerance)
            assert right, f"{question.text}: the canvas shows {answer}"


@cases_by(lambda step: step[0], STEPS)
def test_training_in_a_step_ends_within_what_the_document_allows(step: tuple[str, int]) -> None:
    shown = played(*step)
    steps = sum(action.args["steps"] for action in shown.step.run if action.do == "train")
    assert shown.session.state.step == steps


@pytest.mark.parametrize("name", NAMES)
def test_every_question_tells_its_answer(name: str) -> None:
    lesson, _ = open_lesson(name)
    for step in lesson.steps:
        for question in step.ask:
            told = question.answer or any(option.feedback for option in question.options)
            assert told, f"{step.title}: {question.text}"
            assert all(option.feedback for option in question.options if not option.right), f"{step.title}: a wrong option without a word"


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_of_a_lesson_can_be_typeset(name: str) -> None:
    lesson, _ = open_lesson(name)
    for step in lesson.steps:
        whole = texts_of(step)
        assert whole.count("$") % 2 == 0, f"{step.title}: a dollar sign without its partner"
        for formula in FORMULA.findall(whole):
            assert svg(formula, 16.0, "#000000"), formula


def test_graphs_beside_lessons_are_used_and_named() -> None:
    used = {graph_path(open_lesson(name)[0], FOLDER / f"{name}.gwlesson", EXAMPLES) for name in NAMES}
    for path in FOLDER.glob("*.gradwire"):
        assert path in used, f"{path.name} belongs to no lesson"
        graph = load_graph(path, CATALOG)
        assert graph.settings["title"] and graph.settings["description"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_items_lead_back_to_them(name: str) -> None:
    lesson, graph = open_lesson(name)
    last = graph_at(graph, lesson, len(lesson.steps) - 1)
    assert [resolve(last, item_name(last, item)).id for item in (*last.nodes, *last.edges)] == [*last.nodes, *last.edges]


def test_the_command_line_lists_the_lessons_in_the_order_of_the_course(capsys: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module("main").main
    assert main(["examples", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["lessons"]
    assert [entry["name"] for entry in listed] == [path.stem for path, _ in shelf(FOLDER)]
    assert {entry["name"] for entry in listed} == set(NAMES) >= set(ROWS.values())
    assert all(entry["title"] and entry["summary"] and entry["steps"] >= 4 and entry["questions"] for entry in listed)
    assert main(["examples"]) == 0
    assert "The derivative as a limit" in capsys.readouterr().out


def test_the_manual_names_every_action_with_its_fields_and_its_example_works() -> None:
    manual = (FOLDER.parents[1] / "docs" / "lessons.md").read_text("utf-8")
    rows = {name: row for row in re.findall(r"^\| (`.*)$", manual, re.MULTILINE) for name in re.findall(r"`(\w+)`", row.split("|")[0])}
    for action, fields in ACTIONS.items():
        assert all(f"`{field.name}`" in rows[action] for field in fields), action
    assert set(KINDS) <= set(rows)
    example = loads(manual.partition("```json\n")[2].partition("```")[0])
    graph = load_graph(EXAMPLES / f"{example.graph}.gradwire", CATALOG)
    check(example, graph)
    last = graph_at(graph, example, len(example.steps) - 1)
    asked = example.steps[0].ask[0]
    assert asked.expected == 3 * -5 and last.setting(resolve(last, "x").id, "value") == 3
