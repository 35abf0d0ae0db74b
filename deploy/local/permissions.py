"""What a service's user may say and hear on the bus."""

from shared.events.partitions import SHARES
from shared.messaging.streams import durable, stream_name


def permissions(service: str) -> dict[str, dict[str, list[str]]]:
    """The subjects a service may publish and subscribe to: the whole of its rights on NATS.

    Independence is enforced here: no service can speak in another's name, look into or change another's
    stream, or touch another's consumer. It reads others only through the durables that bear its own name.
    Deleting and purging a stream are left to the operator.
    """
    stream = stream_name(service)
    own_events = [f"{service}.>"]
    # "There is something to relay" goes between replicas of one service; "send me this entity's events
    # again" goes to the publisher that has them.
    signals = [f"wake.{service}", "replay.>"]
    # The relay makes its stream; after a doubt, and for the audit, it reads back what the stream holds. No
    # consumers on it: that would be the right to remove another service's, or acknowledge in its name.
    own_stream = [
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.STREAM.CREATE.{stream}",
        f"$JS.API.STREAM.UPDATE.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}.>",
    ]
    own_consumers = [subject for share in SHARES for subject in _consumer(durable(service, share))]
    inbox = ["_INBOX.>"]
    return {
        "publish": {"allow": own_events + signals + own_stream + own_consumers + inbox},
        "subscribe": {"allow": [*inbox, f"wake.{service}", f"replay.{service}"]},
    }


def _consumer(name: str) -> list[str]:
    """What one durable needs, on every stream. A pattern covers whole words only: each share is named."""
    return [
        f"$JS.API.CONSUMER.CREATE.*.{name}",
        f"$JS.API.CONSUMER.CREATE.*.{name}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.*.{name}",
        f"$JS.API.CONSUMER.INFO.*.{name}",
        f"$JS.API.CONSUMER.RESET.*.{name}",
        f"$JS.API.CONSUMER.MSG.NEXT.*.{name}",
        f"$JS.ACK.*.{name}.>",
    ]
