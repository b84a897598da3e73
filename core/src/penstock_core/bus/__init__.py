"""The message bus: one narrow port, with a local twin and RabbitMQ behind it."""

from penstock_core.bus.port import Bus, Delivery, Message, Subscription

__all__ = ["Bus", "Delivery", "Message", "Subscription"]
