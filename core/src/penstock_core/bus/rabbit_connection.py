"""A connection to RabbitMQ that comes back by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from pika import URLParameters
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.channel import Channel as PikaChannel
from pika.exceptions import AMQPError

from penstock_core.bus.patience import growing_pauses
from penstock_core.bus.rabbit_channel import Channel, unavailable
from penstock_core.bus.rabbit_corked import CorkedConnection
from penstock_core.errors import BusUnavailable, InvalidInput

_HEARTBEAT_S = 30
_logger = logging.getLogger(__name__)


class Connection:
    """One open connection. ``lost`` is done, with the reason, once it is closed by anyone.

    A channel that the broker closes takes its connection along: one way back serves both.
    """

    def __init__(self, pika_connection: CorkedConnection) -> None:
        self._pika = pika_connection
        self.lost: asyncio.Future[BusUnavailable] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        pika_connection.add_on_close_callback(self._on_close)

    async def open_channel(self) -> Channel:
        """Return a new channel. Raises ``BusUnavailable`` when the connection is lost."""
        opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        if self.lost.done():
            raise self.lost.result()
        self._pika.channel(on_open_callback=lambda channel: opened.set_result(self._own(channel)))
        either: list[asyncio.Future[Any]] = [opened, self.lost]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            raise self.lost.result()
        return opened.result()

    async def close(self) -> None:
        """Close it with all its channels."""
        self._begin_close()
        await self._gone.wait()

    def _own(self, pika_channel: PikaChannel) -> Channel:
        channel = Channel(pika_channel)
        channel.lost.add_done_callback(lambda _: self._on_channel_lost(channel))
        return channel

    def _on_channel_lost(self, channel: Channel) -> None:
        if channel.is_given_up or self.lost.done():
            return
        self.lost.set_result(channel.lost.result())
        self._begin_close()

    def _begin_close(self) -> None:
        if self._pika.is_open:
            self._pika.close()

    def _on_close(self, _connection: Any, reason: BaseException) -> None:
        if not self.lost.done():
            self.lost.set_result(unavailable(reason))
        self._gone.set()


class Link:
    """Keeps a connection open: lost, it is made again after a pause that grows.

    Parameters
    ----------
    url
        ``amqp://user:password@host:port/vhost``.
    prepare
        Makes a fresh connection usable (channels, declarations, consumers); a connection that
        it fails on is given up and tried again.
    """

    def __init__(self, url: str, prepare: Callable[[Connection], Awaitable[None]]) -> None:
        self._parameters = _parameters(url)
        self._prepare = prepare
        self._connection: Connection | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def connection(self) -> Connection:
        """Return the open connection. Raises ``BusUnavailable`` while there is none."""
        if self._connection is None:
            raise unavailable("not connected")
        if self._connection.lost.done():
            raise self._connection.lost.result()
        return self._connection

    async def start(self) -> None:
        """Connect for the first time, and stay so from now on. Raises ``BusUnavailable``."""
        connection = await self._open()
        self._keeper = asyncio.create_task(self._keep(connection))

    async def close(self) -> None:
        """Disconnect for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _open(self) -> Connection:
        connection = await _connect(self._parameters)
        try:
            await self._prepare(connection)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        return connection

    async def _keep(self, connection: Connection) -> None:
        while True:
            reason = await asyncio.shield(connection.lost)
            _logger.warning("%s Connecting again.", reason.message)
            connection = await self._come_back()

    async def _come_back(self) -> Connection:
        for pause_s in growing_pauses():
            await asyncio.sleep(pause_s)
            try:
                return await self._open()
            except BusUnavailable as error:
                _logger.info("%s Trying again.", error.message)
        raise AssertionError("pauses never end")


def _parameters(url: str) -> URLParameters:
    if urlsplit(url).scheme not in ("amqp", "amqps"):
        raise InvalidInput(
            "The address of the bus is no AMQP URL.",
            hint="Write amqp://user:password@host:port/vhost, or amqps:// for TLS.",
        )
    parameters = URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_S
    return parameters


def _fail(opened: "asyncio.Future[CorkedConnection]", error: str | Exception) -> None:
    if not opened.done():
        opened.set_exception(error if isinstance(error, Exception) else unavailable(error))


async def _connect(parameters: URLParameters) -> Connection:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[CorkedConnection] = loop.create_future()
    attempt = CorkedConnection(
        parameters,
        on_open_callback=lambda c: None if opened.done() else opened.set_result(c),
        on_open_error_callback=lambda _, e: _fail(opened, e),
        custom_ioloop=loop,
    )
    try:
        return Connection(await opened)
    except asyncio.CancelledError:
        attempt.close()
        raise
    except (AMQPError, AMQPConnectorException, OSError) as error:
        raise unavailable(error) from error
