"""What the commands that hold the services say of them to the person who started them."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from data_access.first_start import Credentials
from penstock.daq_runs import DaqRun
from penstock.data_folder import log_file


class Speaker:
    """Says what happens on one console; ``logs_to_file``: say where the log is, too."""

    def __init__(self, console: Console, data_dir: Path, *, logs_to_file: bool) -> None:
        self.console = console
        self._data_dir = data_dir
        self._logs_to_file = logs_to_file
        self._made: Credentials | None = None
        self._url = ""

    def say(self, line: str) -> None:
        """Print a line of markup, whole."""
        self.console.print(line, highlight=False, soft_wrap=True)

    def sign_in(self, made: Credentials) -> None:
        """Show the sign-in that was just made; it is kept here to be shown again."""
        self._made = made
        self._say_sign_in(made)
        self.say("(made at this first start, stored only as a hash).")

    def where(self, url: str) -> None:
        """Tell where Penstock answers, where its data lie and where its log is."""
        self._url = url
        self.say(f"Penstock answers at [bold]{url}/ui/[/bold]; its data lie in {self._folder}.")
        if self._logs_to_file:
            self.say(f"Warnings go to {escape(str(log_file(self._data_dir)))}.")

    def stopped(self) -> None:
        """Tell that it ends, and how it goes on."""
        go_on = f"penstock up --data-dir {self._folder}"
        self.say(f"Stopping; nothing is lost, `{go_on}` goes on from here.")

    def held(self) -> None:
        """Tell that no job starts, and how to change that."""
        release = f"penstock jobs release --data-dir {self._folder}"
        self.say(f"[yellow]Jobs are held back[/yellow] until: {release}")

    def goes_on(self, run: DaqRun) -> None:
        """Tell that an unfinished run is taken up."""
        self.say(f"Going on with run {run.number}.")

    def sent(self, run: DaqRun) -> None:
        """Tell how the sending of a run ended."""
        if run.done:
            self.say(f"All messages of run {run.number} are sent.")
        else:
            log = escape(str(run.folder / "log"))
            self.say(f"[bold red]Run {run.number} is not sent to its end[/bold red]; see {log}.")

    def again(self, stays: bool) -> None:
        """Repeat where to look around and the sign-in, or tell how to get one."""
        if stays:
            self.say(f"Look around at [bold]{self._url}/ui/[/bold]; Ctrl-C ends.")
        else:
            self.say(f"Look around with: penstock up --data-dir {self._folder}")
        if self._made is not None:
            self._say_sign_in(self._made)
        else:
            new = f"penstock user password EMAIL --data-dir {self._folder}"
            self.say(f"No password at hand? While Penstock runs: {new}")

    def _say_sign_in(self, made: Credentials) -> None:
        self.say(f"Sign in as [bold]{made.username}[/bold], password [bold]{made.password}[/bold]")

    @property
    def _folder(self) -> str:
        return escape(str(self._data_dir))
