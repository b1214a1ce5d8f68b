"""The world beyond the platform: secrets, and addresses that people name."""

from collections.abc import Mapping

from mmmflow.ports import Json, SecretState

from tests.simulation.world import START, World


class SimSecrets:
    """Every secret has a value from the start."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str:
        value = self._values.get(name, f"secret of {name}")
        return self._world.call(f"secret {name}", lambda: value)

    def state(self, name: str) -> SecretState | None:
        made = SecretState(START, "simulation")
        return self._world.call(f"state of secret {name}", lambda: made)

    def save(self, name: str, value: str, actor: str) -> None:
        del actor
        put = {name: value}
        self._world.call(f"save {name}", lambda: self._values.update(put))

    def rotate(self, name: str, value: str, actor: str) -> None:
        self.save(name, value, actor)

    def clear(self, name: str) -> None:
        self._world.call(f"clear {name}", lambda: self._values.pop(name, None))


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
