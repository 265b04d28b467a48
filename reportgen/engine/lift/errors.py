"""Why a foreign optimizer cannot be carried through the compiled loop."""


class Unliftable(TypeError):  # noqa: N818 - it says what is wrong with the optimizer
    """Its state cannot be carried, or steers Python; the message names it and says how to write it."""
