"""What cwltool tells in its log alone: command line, exit code, what failed or was skipped."""

import logging
import signal

_ERROR_CHARS = 2000
_COMMAND_CHARS = 4000
_STARTS = "[job %s] %s$ "
_SKIPS = "[%s] will be skipped"
_BREAK = " \\\n    "


class Witness(logging.Handler):
    """Listens to cwltool's log.

    ``exit_code`` is that of the last tool that failed, negative for a signal; None if none did.
    ``skipped`` are the steps, as cwltool calls them, whose condition was false.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.exit_code: int | None = None
        self.skipped: set[str] = set()
        self._errors: list[str] = []
        self._commands: list[str] = []

    @property
    def errors(self) -> str:
        """Return what cwltool said of errors, the last part of it."""
        return "\n".join(self._errors)[-_ERROR_CHARS:]

    @property
    def command(self) -> str:
        """Return the command lines that were run, one after another, the first part of them."""
        text = "\n".join(self._commands)
        return text if len(text) <= _COMMAND_CHARS else f"{text[:_COMMAND_CHARS]} …"

    def emit(self, record: logging.LogRecord) -> None:
        # The numbers are arguments of the record: its text is never read.
        if isinstance(record.args, tuple) and record.msg.startswith(_STARTS):
            line = "".join(str(part) for part in record.args[2:])
            self._commands.append(line.replace(_BREAK, " "))
        elif isinstance(record.args, tuple) and record.msg == _SKIPS:
            self.skipped.add(str(record.args[0]))
        elif isinstance(record.args, tuple) and len(record.args) == 2:
            if "exited with status" in record.msg:
                self.exit_code = int(str(record.args[1]))
            elif "terminated by signal" in record.msg:
                self.exit_code = -signal.Signals[str(record.args[1])]
        if record.levelno >= logging.ERROR:
            self._errors.append(record.getMessage())
