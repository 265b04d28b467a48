"""Why an optimizer of another framework cannot be run."""

_OBJECTS_DIFFER = (
    "two new objects of the optimizer make different steps from the same position: it draws random numbers, or "
    "it remembers something outside of its object, as in a module or class variable. Keep everything that it "
    "remembers in attributes of the object"
)


class NotCompilable(TypeError):  # noqa: N818 - it is a reason, and no failure
    """Its steps cannot be compiled, and why; they can be made one by one all the same."""


class NotReproducible(TypeError):  # noqa: N818 - it says what is wrong with the optimizer
    """Two new objects of it make different steps from the same position, and why."""

    def __init__(self, reason: str = _OBJECTS_DIFFER) -> None:
        super().__init__(reason)
