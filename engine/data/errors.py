"""What goes wrong with data, said to the person whose data it is."""


class DataError(Exception):
    """The text is one sentence: which file, which line or column or setting, and what is expected."""
