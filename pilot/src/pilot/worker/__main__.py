"""Start of the worker process: ``python -I -m pilot.worker FD``, FD being its socket."""

import signal
import socket
import sys

from pilot.worker.zygote import Zygote


def main() -> None:
    """Serve on the socket whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pilot decides when a worker ends
    with socket.socket(fileno=int(sys.argv[1])) as pilot:
        Zygote(pilot).serve()


if __name__ == "__main__":
    main()
