"""The window's style sheet, made from a theme. Sizes are multiples of the theme's type size, on an 8 px rhythm.

Widgets choose among few looks by properties: `kind` (chip, primary, quiet, tool) on buttons, `role` on labels, `active` on
what is under way.
"""

from __future__ import annotations

from pathlib import Path

from ui.look.theme import Theme, mixed

ICONS = Path(__file__).resolve().parents[2] / "resources" / "icons"


def style_sheet(theme: Theme) -> str:
    """Qt style sheet text for the whole application."""
    return "".join(part(theme) for part in (_base, _buttons, _fields, _tabs, _lists, _menus, _small))


def px(theme: Theme, size: float) -> int:
    """A length in pixels at the theme's type size."""
    return round(size * theme.scale)


def _icon(name: str) -> str:
    return f"url({(ICONS / name).as_posix()})"


def _base(t: Theme) -> str:
    return f"""
* {{ font-family: Inter; font-size: {px(t, 13)}px; color: {t.text}; outline: none; }}
QMainWindow, QDialog {{ background: {t.panel}; }}
QMainWindow::separator {{ background: {t.hairline}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {t.focus}; }}
QDockWidget, #panel {{ background: {t.panel}; }}
#topbar {{ background: {t.panel}; border-bottom: 1px solid {t.hairline}; }}
#controls {{ background: {t.panel}; border-top: 1px solid {t.hairline}; }}
QLabel {{ background: transparent; }}
QLabel[role="brand"] {{ font-size: {px(t, 15)}px; font-weight: 700; }}
QLabel[role="secondary"] {{ color: {t.secondary}; }}
QLabel[role="small"] {{ color: {t.secondary}; font-size: {px(t, 12)}px; }}
QLabel[role="section"] {{ color: {t.secondary}; font-size: {px(t, 11)}px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {px(t, 20)}px; font-weight: 600; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="value"] {{ font-size: {px(t, 24)}px; font-weight: 600; color: {t.forward}; }}
QLabel[role="gradient"] {{ font-size: {px(t, 24)}px; font-weight: 600; color: {t.backward}; }}
QLabel[role="complaint"] {{ color: {t.error}; font-size: {px(t, 12)}px; }}
QLabel[role="stale"] {{ color: {t.stale}; font-size: {px(t, 24)}px; font-weight: 600; }}
QLabel[role="notice"] {{ background: {t.warning_soft}; border-radius: 8px; padding: 8px 10px; }}
QLabel[role="brief-notice"] {{ background: {t.warning_soft}; border-radius: 4px; }}
QLabel[role="rule"] {{ font-weight: 600; color: {t.backward}; }}
QFrame[role="row"] {{ border: 1px solid transparent; border-radius: 6px; }}
QFrame[role="row"]:hover {{ background: {t.hover}; }}
QFrame[role="row"]:focus {{ border-color: {t.focus}; }}
QLabel[role="fault"] {{ background: {t.error_soft}; border-radius: 8px; padding: 8px 10px; }}
QLabel[role="value-word"] {{ color: {t.forward}; font-size: {px(t, 12)}px; font-weight: 600; }}
QLabel[role="gradient-word"] {{ color: {t.backward}; font-size: {px(t, 12)}px; font-weight: 600; }}
QLabel[role="value-number"] {{ color: {t.forward}; font-size: {px(t, 16)}px; font-weight: 600; }}
QLabel[role="gradient-number"] {{ color: {t.backward}; font-size: {px(t, 16)}px; font-weight: 600; }}
QLabel[role="stale-number"] {{ color: {t.stale}; font-size: {px(t, 16)}px; font-weight: 600; }}
QFrame[role="line"] {{ background: {t.hairline}; border: none; max-height: 1px; min-height: 1px; }}
QStatusBar {{ background: {t.panel}; border-top: 1px solid {t.hairline}; min-height: {px(t, 26)}px; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel[role="message"] {{ color: {t.text}; padding: 0 8px 0 16px; }}
QStatusBar QLabel {{ color: {t.secondary}; font-size: {px(t, 12)}px; padding: 0 8px; }}
QToolTip {{ background: {t.card}; color: {t.text}; border: 1px solid {t.card_edge}; padding: 5px 7px; font-size: {px(t, 12)}px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QSplitter::handle {{ background: {t.hairline}; }}
"""


def _buttons(t: Theme) -> str:
    height, radius = px(t, 30), 8
    disabled = mixed(t.secondary, t.panel, 0.45)
    return f"""
QPushButton {{ background: {t.panel}; border: 1px solid {t.field_edge}; border-radius: {radius}px;
    min-height: {height - 2}px; padding: 0 {px(t, 11)}px; font-weight: 500; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:checked {{ background: {t.selection_soft}; border-color: {t.selection}; }}
QPushButton:pressed {{ background: {t.pressed}; }}
QPushButton:focus {{ border: 1px solid {t.focus}; }}
QPushButton:disabled {{ color: {disabled}; background: {t.panel}; }}
QPushButton[accent="forward"] {{ color: {t.forward}; }}
QPushButton[accent="backward"] {{ color: {t.backward}; }}
QPushButton[accent="forward"]:hover, QPushButton[kind="repair"]:hover {{ background: {t.panel}; border-color: {t.forward}; }}
QPushButton[accent="backward"]:hover {{ background: {t.panel}; border-color: {t.backward}; }}
QPushButton[accent="forward"]:disabled, QPushButton[accent="backward"]:disabled {{ color: {disabled}; }}
QPushButton[kind="primary"], QPushButton[accent="forward"][active="true"] {{
    background: {t.forward}; color: {t.on_accent}; border: 1px solid {t.forward}; font-weight: 600; }}
QPushButton[kind="primary"]:hover, QPushButton[accent="forward"][active="true"]:hover {{
    background: {t.forward_hover}; border-color: {t.forward_hover}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {t.text if t.frames else t.forward}; }}
QPushButton[kind="primary"]:disabled {{ background: {t.field}; border-color: {t.field_edge}; color: {disabled}; }}
QPushButton[accent="backward"][active="true"] {{
    background: {t.backward}; color: {t.on_accent}; border: 1px solid {t.backward}; font-weight: 600; }}
QPushButton[accent="backward"][active="true"]:hover {{ background: {t.backward_hover}; border-color: {t.backward_hover}; }}
QPushButton[kind="chip"] {{ background: {t.field}; border-radius: {(height - 2) // 2}px; min-height: {height - 4}px; }}
QPushButton[kind="chip"]:hover {{ background: {t.hover}; }}
QPushButton[kind="quiet"] {{ border: 1px solid transparent; background: transparent; color: {t.secondary}; padding: 0 8px; }}
QPushButton[kind="quiet"]:hover {{ background: {t.hover}; color: {t.text}; }}
QPushButton[kind="quiet"]:checked {{ background: {t.selection_soft}; color: {t.text}; }}
QPushButton[kind="quiet"]:disabled {{ color: {disabled}; background: transparent; }}
QPushButton[kind="quiet"]:focus {{ border: 1px solid {t.focus if t.frames else "transparent"}; }}
QPushButton[kind="segment"] {{ border: 1px solid transparent; background: transparent; color: {t.secondary}; font-weight: 600;
    padding: 0 {px(t, 9)}px; border-radius: {(height - 2) // 2}px; }}
QPushButton[kind="segment"]:hover {{ background: {t.hover}; color: {t.text}; }}
QPushButton[kind="segment"]:checked {{ background: {t.selection_soft}; color: {t.text}; }}
QPushButton[kind="segment"]:focus {{ border: 1px solid {t.focus if t.frames else "transparent"}; }}
QPushButton[kind="edge"] {{ border: 1px solid {t.field_edge}; background: {t.panel}; color: {t.secondary}; padding: 0; min-height: 0;
    border-radius: 5px; }}
QPushButton[kind="edge"]:hover {{ background: {t.hover}; color: {t.text}; border-color: {t.wire}; }}
QPushButton[kind="edge"]:focus {{ border: 1px solid {t.focus}; }}
QPushButton[kind="repair"] {{ min-height: {px(t, 24)}px; color: {t.forward}; }}
QToolButton {{ border: none; background: transparent; border-radius: 6px; padding: 4px; }}
QToolButton:hover {{ background: {t.hover}; }}
QCheckBox {{ spacing: 8px; min-height: {px(t, 28)}px; }}
QCheckBox::indicator, QTreeView::indicator {{ width: {px(t, 16)}px; height: {px(t, 16)}px; border-radius: 5px; border: 1px solid {t.wire};
    background: {t.panel}; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked {{ background: {t.forward}; border-color: {t.forward};
    image: {_icon("check-dark.svg" if t.dark else "check-light.svg")}; }}
QCheckBox::indicator:focus {{ border: 2px solid {t.focus}; }}
QSlider:horizontal {{ min-height: {px(t, 20)}px; }}
QSlider::groove:horizontal {{ height: {px(t, 4)}px; border-radius: 2px; background: {t.pressed if not t.dark else t.hairline}; }}
QSlider::sub-page:horizontal {{ background: {t.forward}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: {px(t, 12)}px; height: {px(t, 12)}px; margin: -{px(t, 6)}px 0;
    border-radius: {px(t, 8)}px; background: {t.panel}; border: {px(t, 2)}px solid {t.forward}; }}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {t.selection_soft}; }}
"""


def _fields(t: Theme) -> str:
    return f"""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{ background: {t.field}; border: 1px solid {t.field_edge};
    border-radius: 7px; min-height: {px(t, 28)}px; padding: 0 8px; selection-background-color: {t.selection};
    selection-color: {t.on_accent}; placeholder-text-color: {t.secondary}; }}
QPlainTextEdit {{ padding: 6px 8px; }}
QLineEdit[role="name"] {{ font-size: {px(t, 16)}px; font-weight: 600; min-height: {px(t, 32)}px; }}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {{ border-color: {t.wire}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{ border: 1px solid {t.focus}; background: {t.panel}; }}
QLineEdit[complaint="true"], QAbstractSpinBox[complaint="true"] {{ border: 1px solid {t.error}; }}
QAbstractSpinBox {{ max-height: {px(t, 28)}px; padding: 0 {px(t, 20)}px 0 0; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 0 0 7px; min-height: 0; border-radius: 0; }}
QAbstractSpinBox QLineEdit:focus {{ background: transparent; border: none; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: {px(t, 20)}px; border: none; background: transparent; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {t.pressed}; border-radius: 4px; }}
QAbstractSpinBox::up-arrow {{ image: {_icon("chevron-up.svg")}; width: {px(t, 10)}px; height: {px(t, 10)}px; }}
QAbstractSpinBox::down-arrow {{ image: {_icon("chevron-down.svg")}; width: {px(t, 10)}px; height: {px(t, 10)}px; }}
QComboBox {{ padding-right: 0; }}
QComboBox::drop-down {{ border: none; width: {px(t, 24)}px; }}
QComboBox::down-arrow {{ image: {_icon("chevron-down.svg")}; width: {px(t, 11)}px; height: {px(t, 11)}px; }}
QComboBox QAbstractItemView {{ background: {t.card}; border: 1px solid {t.card_edge}; padding: 4px; selection-background-color: {t.hover};
    selection-color: {t.text}; }}
QComboBox QAbstractItemView::item {{ min-height: {px(t, 28)}px; padding: 0 8px; border-radius: 6px; }}
QComboBox QAbstractItemView::item:selected, QComboBox QAbstractItemView::item:hover {{ background: {t.hover}; color: {t.text}; }}
"""


def _tabs(t: Theme) -> str:
    return f"""
QTabWidget::pane {{ border: none; border-top: 1px solid {t.hairline}; top: -1px; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {t.secondary}; font-weight: 600; padding: {px(t, 9)}px 0 {px(t, 8)}px 0;
    margin-right: {px(t, 18)}px; border: none; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {t.highlight}; border-bottom: 2px solid {t.highlight}; }}
QTabBar::tab:hover:!selected {{ color: {t.text}; }}
QTabBar::tab:focus {{ color: {t.text}; }}
"""


def _lists(t: Theme) -> str:
    return f"""
QAbstractItemView {{ background: {t.panel}; border: none; selection-background-color: {t.selection_soft}; selection-color: {t.text}; }}
QTableView {{ gridline-color: {t.hairline}; font-size: {px(t, 12)}px; }}
QTableView::item:selected {{ background: {t.selection_soft}; color: {t.text}; }}
QTreeView::item {{ padding: {px(t, 4)}px 0; }}
QHeaderView {{ background: {t.panel}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.secondary}; border: none; border-bottom: 1px solid {t.hairline};
    padding: 4px 8px; font-size: {px(t, 11)}px; font-weight: 600; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; }}
QScrollBar:vertical {{ background: transparent; width: {px(t, 9)}px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: {px(t, 9)}px; margin: 2px; }}
QScrollBar::handle {{ background: {mixed(t.panel, t.wire, 0.3)}; border-radius: {(px(t, 9) - 4) // 2}px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.wire}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def _menus(t: Theme) -> str:
    disabled = mixed(t.secondary, t.panel, 0.45)
    return f"""
QMenuBar {{ background: transparent; border: none; }}
QMenuBar::item {{ background: transparent; color: {t.secondary}; padding: {px(t, 5)}px {px(t, 8)}px; border-radius: 6px; }}
QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {t.hover}; color: {t.text}; }}
QMenu {{ background: {t.card}; border: 1px solid {t.card_edge}; padding: 6px; }}
QMenu::item {{ padding: {px(t, 6)}px {px(t, 24)}px {px(t, 6)}px {px(t, 12)}px; border-radius: 6px; min-width: {px(t, 150)}px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {t.hairline}; margin: 5px 8px; }}
QMenu::indicator {{ width: {px(t, 14)}px; height: {px(t, 14)}px; margin-left: {px(t, 6)}px; }}
QMenu::indicator:checked {{ image: {_icon("check-dark-ink.svg" if not t.dark else "check-light.svg")}; }}
"""


def _small(t: Theme) -> str:
    return f"""
#searchbox {{ background: {t.card}; border: 1px solid {t.card_edge}; border-radius: 10px; }}
#searchbox QAbstractItemView {{ background: {t.card}; }}
#sheet {{ background: {t.panel}; border: 1px solid {t.wire}; border-radius: 10px; }}
#sheet:focus {{ border: {"2px" if t.frames else "1px"} solid {t.focus}; }}
#card {{ background: {t.card}; border: 1px solid {t.card_edge}; border-radius: 10px; }}
#notice {{ background: {t.warning_soft}; border-bottom: 1px solid {t.hairline}; }}
#card:hover, #card:focus {{ border-color: {t.focus}; }}
#card:focus {{ border-width: 2px; }}
QProgressBar {{ background: {t.field}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }}
QProgressBar::chunk {{ background: {t.forward}; border-radius: 2px; }}
"""
