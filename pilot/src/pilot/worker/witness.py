"""What cwltool tells in its log alone: the tool's exit code, and why a job failed."""

import logging
import signal

_ERROR_CHARS = 2000


class Witness(logging.Handler):
    """Listens to cwltool's log.

    ``exit_code`` is that of the last tool that failed, negative for a signal; None if none did.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.exit_code: int | None = None
        self._errors: list[str] = []

    @property
    def errors(self) -> str:
        """Return what cwltool said of errors, the last part of it."""
        return "\n".join(self._errors)[-_ERROR_CHARS:]

    def emit(self, record: logging.LogRecord) -> None:
        # The numbers are arguments of the record: its text is never read.
        if isinstance(record.args, tuple) and len(record.args) == 2:
            if "exited with status" in record.msg:
                self.exit_code = int(str(record.args[1]))
            elif "terminated by signal" in record.msg:
                self.exit_code = -signal.Signals[str(record.args[1])]
        if record.levelno >= logging.ERROR:
            self._errors.append(record.getMessage())
