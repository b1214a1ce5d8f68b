"""How a run ends without a result: each kind with the words a person needs."""


class UserError(Exception):
    """Data or configuration that a person has to correct.

    `hint` says what to do about it. A run that meets one has failed.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class UnmodellableError(Exception):
    """Data in which there is nothing to model: the run is skipped."""


class StoppedError(BaseException):
    """The process was asked to end (SIGTERM).

    Not an `Exception`, so that no library's own error handling keeps it.
    """
