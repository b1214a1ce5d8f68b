"""What a SIGTERM does: at once, or when what is under way lets go."""

from types import FrameType

from mmmflow_native.errors import StoppedError


class Stop:
    """Whether the run was asked to end; the first time counts.

    It interrupts whatever is under way, unless that is put off: then who put
    it off looks at `asked`, and heeds it.
    """

    def __init__(self) -> None:
        self.asked = False
        self._put_off = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        """A signal's handler. Raises: StoppedError."""
        if self.asked:
            return
        self.asked = True
        if not self._put_off:
            raise StoppedError

    def put_off(self) -> None:
        """Interrupt nothing, until `heed`."""
        self._put_off = True

    def heed(self) -> None:
        """Be interrupted again. Raises: StoppedError, if asked meanwhile."""
        self._put_off = False
        if self.asked:
            raise StoppedError
