"""The policies a service knows: the one in force at a moment, and each that a running case was begun under (REG-2)."""

import asyncio
from bisect import bisect_right
from datetime import UTC, datetime

import orjson

from shared.domain.policy import Policy
from shared.domain.policy_parameter import InvalidPolicy, Parameter
from shared.persistence.pool import DATABASE, Pool, Reader
from shared.telemetry import log, words_of

KEEP = "INSERT INTO policies (version, effective_at, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

LEARN = "SELECT seq, version, effective_at, document FROM policies WHERE seq <> ALL($1::bigint[]) ORDER BY seq"

LOOK_AGAIN = 1.0  # seconds after which a process has learned what another one of the service has heard


class Policies:
    """The versions of the policy; in memory, so that asking for one costs nothing.

    `first` is the one of the service's files: it holds until regulations have announced another, and stays known.
    """

    def __init__(self, first: Policy) -> None:
        self.first = first
        self._by_version = {first.version: first}
        self._moments: list[datetime] = []
        self._in_force: list[Policy] = []
        self._seen: list[int] = []

    @property
    def now(self) -> Policy:
        """The policy in force, by this machine's clock."""
        return self.at(datetime.now(UTC))

    def at(self, moment: datetime) -> Policy:
        """The policy in force at a moment, as far as this process knows."""
        before = bisect_right(self._moments, moment)
        return self._in_force[before - 1] if before else self.first

    async def of(self, version: str | None, since: datetime, reader: Reader) -> Policy:
        """The policy of this version, under which a case was begun at `since`, whether it is in force or not.

        A policy is kept before a case is stamped with it. A case without a stamp, or with one that the database does
        not know, is from a release that kept none: it goes by what was in force when it was begun.
        """
        if version is not None and version not in self._by_version:
            await self.learn(reader)
        return self._by_version.get(version or "") or self.at(since)

    async def open(self, pool: Pool) -> None:
        """Keep the files' policy for the cases that are stamped with it, and learn the others."""
        document = {key: parameter.model_dump(mode="json") for key, parameter in self.first.parameters.items()}
        await pool.execute(KEEP, self.first.version, None, orjson.dumps(document).decode())
        await self.learn(pool)

    async def learn(self, reader: Reader) -> None:
        """Take in what was kept since; a policy that this code cannot use is logged and left aside."""
        for row in await reader.fetch(LEARN, self._seen):
            if row["seq"] in self._seen:  # learned meanwhile
                continue
            self._seen.append(row["seq"])
            try:
                policy = Policy.from_parameters(parameters(row["document"]), row["version"])
            except InvalidPolicy as error:
                log.error("policy %s cannot be used here: %s", row["version"], error)
                continue
            self._by_version.setdefault(policy.version, policy)
            if row["effective_at"] is not None:
                self._hold(policy, row["effective_at"])

    def _hold(self, policy: Policy, since: datetime) -> None:
        place = bisect_right(self._moments, since)
        self._moments.insert(place, since)
        self._in_force.insert(place, policy)

    async def follow(self, pool: Pool) -> None:
        """Learn for ever."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                await self.learn(pool)
            except DATABASE as error:
                log.warning("policies: %s; looking again", words_of(error))


def parameters(document: str) -> dict[str, Parameter]:
    """The parameters in a row of `policies`, without the edition that states each."""
    stated = orjson.loads(document)
    return {key: Parameter(**{name: entry[name] for name in Parameter.model_fields}) for key, entry in stated.items()}
