"""Names of results in the by-name view: what differs from the recipe, as people read it."""

from __future__ import annotations

from flows.run.recipe_changes.named_results import name_of, told_apart
from processors.store.by_name_view import NamedResult
from processors.store.manifest import ResultRef

KEY = "4f2a9c17" + "0" * 56


def test_a_name_has_what_differs_and_leaves_out_what_is_not_set() -> None:
    usual = {"cameras": "rear", "recorded_by": "rear hazard-avoidance camera", "quality": 5}
    asked = {"cameras": "any", "recorded_by": None, "quality": 5}
    assert name_of("photo.tracks", asked, usual, KEY) == "photo.tracks~cameras=any"
    assert name_of("photo.tracks", {**usual, "recorded_by": None}, usual, KEY) == "photo.tracks~4f2a9c17"


def test_two_results_of_one_name_have_their_keys_instead() -> None:
    def result(name: str, key: str) -> NamedResult:
        return NamedResult(name=name, ref=ResultRef(source="0" * 64, processor="photo.tracks", key=key))

    same = "photo.tracks~cameras=any"
    found = told_apart([result(same, KEY), result(same, KEY[::-1]), result("photo.tracks", "1" * 64)])
    assert [one.name for one in found] == ["photo.tracks~4f2a9c17", "photo.tracks~00000000", "photo.tracks"]
