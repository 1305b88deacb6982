"""What can go wrong around the code. What goes wrong in the code is a result and not here."""


class CallError(Exception):
    """Ends a call with an error of the contract; `kind` is one of its names, in upper case."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def invalid(message: str) -> CallError:
    """The arguments are wrong."""
    return CallError("INVALID_INPUT", message)
