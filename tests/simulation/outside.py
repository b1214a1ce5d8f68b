"""The world beyond the platform: secrets, and addresses that people name."""

from collections.abc import Mapping

from mmmflow.ports import Json

from tests.simulation.world import World


class SimSecrets:
    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, name: str) -> str:
        return self._world.call(f"secret {name}", lambda: f"secret of {name}")


class SimOutside:
    """Every address is allowed, and answers unless the call goes wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.posted: list[tuple[str, Json, Mapping[str, str]]] = []

    def refusal(self, url: str) -> str:
        del url
        return ""

    def post(self, url: str, body: Json, headers: Mapping[str, str]) -> int:
        def apply() -> int:
            self.posted.append((url, body, headers))
            return 200

        return self._world.call(f"post to {url}", apply)
