"""A channel of RabbitMQ to be awaited; no error of pika passes through here."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pika.channel import Channel as PikaChannel
from pika.exceptions import AMQPError

from penstock_core.errors import BusUnavailable


def unavailable(error: BaseException | str) -> BusUnavailable:
    """Return our error for what pika or the broker said."""
    said = error if isinstance(error, str) else str(error) or type(error).__name__
    return BusUnavailable(
        f"RabbitMQ is not available: {said}.",
        hint="The same request may succeed when the broker is back; see its log.",
    )


class Channel:
    """One open channel. ``lost`` is done, with the reason, once it is closed by anyone.

    ``is_given_up`` says that it was closed here and on purpose.
    """

    def __init__(self, pika_channel: PikaChannel) -> None:
        self._pika = pika_channel
        self.is_given_up = False
        self.lost: asyncio.Future[BusUnavailable] = asyncio.get_running_loop().create_future()
        pika_channel.add_on_close_callback(self._on_close)

    def send(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of pika's channel that waits for no answer.

        Raises
        ------
        BusUnavailable
            the channel is closed.
        """
        with _translated():
            return getattr(self._pika, method)(*args, **kwargs)

    async def call(self, method: str, **kwargs: Any) -> Any:
        """Call a method that is answered, and return the answer's method frame.

        Raises
        ------
        BusUnavailable
            the channel was closed instead of an answer.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.send(method, callback=_setter(answer), **kwargs)
        await asyncio.wait({answer, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise self.lost.result()
        return answer.result().method

    def abandon(self, reason: str) -> None:
        """Close it as one that is lost for ``reason``."""
        self._set_lost(unavailable(reason))
        if self._pika.is_open:
            self.send("close")

    async def close(self) -> None:
        """Close it; what it has not acknowledged goes back to its queues."""
        self.is_given_up = True
        if self._pika.is_open:
            self.send("close")
        await asyncio.wait({self.lost})

    def _on_close(self, _channel: PikaChannel, reason: Exception) -> None:
        self._set_lost(unavailable(reason))

    def _set_lost(self, reason: BusUnavailable) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


def _setter(answer: "asyncio.Future[Any]") -> Callable[[Any], None]:
    def set_answer(frame: Any) -> None:
        if not answer.done():
            answer.set_result(frame)

    return set_answer


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AMQPError as error:
        raise unavailable(error) from error
