"""A folder of files is one model; scenarios and values set on the command line lie over it."""

from __future__ import annotations

import pytest

from etia.errors import ModelError, UsageError
from etia.files.load import apply_scenario, check, load, load_dict
from etia.quantity import Number, Pool, Quantiles, Range
from tests.files import sound


@pytest.fixture
def loaded(tmp_path):
    return load(sound.write(tmp_path, sound.FILES))


def test_quantities_are_read_in_every_form(loaded):
    model = loaded.model
    assert model.links["war -> peace"].rate_ratio == Range(1, 2, 3)
    assert model.links["crisis -> deal (fear)"].rate_ratio == Number(0.5)
    assert model.policies["aid"].cost == Quantiles(1, 2, 4)
    expected = Pool((("a", Number(0.3)), ("b", Range(0.1, 0.2, 0.3))), (0.5, 0.5), "odds")
    assert model.events["crisis"].probability[0].value == expected


def test_durations_are_held_in_months_and_percents_as_written(loaded):
    impact = loaded.model.impacts["war -> trade"]
    assert impact.settles == Number(24)
    assert (impact.peak.quantity, impact.peak.percent) == (Number(-30), True)
    assert loaded.model.lenses["rival"].half_lives == {"push": 24.0}


def test_relations_know_their_ends(loaded):
    link = loaded.model.links["crisis -> deal (fear)"]
    assert (link.source, link.target, link.label) == ("crisis", "deal", "fear")


def test_a_series_is_read_with_the_places_of_its_file(loaded):
    assert [datum.value for datum in loaded.model.trends["trade"].history] == [2.5, 2.75, 3, 3.5]
    assert str(loaded.places["trends.trade.history.1.value"]) == "data/trade.csv:3:6"


def test_claims_are_those_of_the_cards(loaded):
    assert loaded.claims["s1.1"].hypotheses == {"friends": "contradicts"}


def test_a_model_without_lenses_has_one():
    raw = {"etia": 1, "title": "t", "calendar": {"start": 2000, "as_of": 2001, "end": 2002, "step": "year"}}
    model = load_dict(raw).model
    assert (list(model.lenses), model.reference_lens) == (["reference"], "reference")


def test_splitting_a_file_changes_nothing(tmp_path, loaded):
    head, tail = sound.MODEL.split("trends:\n")
    parts = {"a.yaml": head, "deep/b.yaml": "etia: 1\ntrends:\n" + tail}
    files = {name: text for name, text in sound.FILES.items() if name != "model.yaml"}
    assert load(sound.write(tmp_path / "split", {**files, **parts})).model == loaded.model


def test_an_id_defined_twice_is_an_error_naming_both_places(tmp_path):
    more = "events:\n  war: {title: Another war, date: 2001-01, level: macro}\n"
    found = check(sound.write(tmp_path, {**sound.FILES, "more.yaml": more}))
    assert [(item.file, item.line, item.code) for item in found] == [("more.yaml", 2, "defined-twice")]
    assert "first at model.yaml:17:3" in found[0].message


def test_a_relation_spelt_differently_is_the_same_one(tmp_path):
    more = "links:\n  war->peace: {rate_ratio: 2, note: x}\n"
    found = check(sound.write(tmp_path, {**sound.FILES, "more.yaml": more}))
    assert [item.code for item in found] == ["defined-twice"]


def test_no_model_is_no_finding_but_misuse(tmp_path):
    with pytest.raises(UsageError, match="no model at"):
        load(tmp_path / "none")
    with pytest.raises(UsageError, match=r"no \*\.yaml file"):
        load(tmp_path)


def test_model_errors_carry_every_finding(tmp_path):
    text = sound.MODEL.replace("value: 0.5,", "value: 1.5,").replace("level: meso\n    prob", "level: mezo\n    prob")
    with pytest.raises(ModelError, match="2 errors in the model") as error:
        load(sound.write(tmp_path, {**sound.FILES, "model.yaml": text}))
    assert [found.code for found in error.value.findings] == ["choice", "probability"]


class TestScenarios:
    def test_a_scenario_lies_over_the_model(self, loaded):
        scenario = apply_scenario(loaded, "calm")
        assert scenario.model.events["crisis"].happens == "never"
        assert scenario.model.events["deal"].probability[0].value == Number(0.6)
        assert (scenario.lens, scenario.policies) == ("rival", ("talks",))
        assert scenario.given_probability == {"deal"}
        assert loaded.model.events["crisis"].happens is None

    def test_its_values_have_their_own_places(self, loaded):
        place = apply_scenario(loaded, "calm").places["events.crisis.happens"]
        assert (place.file, place.line) == ("scenarios/calm.yaml", 4)

    def test_one_extends_another(self, tmp_path):
        storm = "extends: calm\nevents: {deal: {title: Never mind}}\nlens: main\n"
        loaded = load(sound.write(tmp_path, {**sound.FILES, "scenarios/storm.yaml": storm}))
        scenario = apply_scenario(loaded, "storm")
        assert scenario.model.events["deal"].title == "Never mind"
        assert scenario.model.events["crisis"].happens == "never"
        assert (scenario.lens, scenario.policies, scenario.given_probability) == ("main", ("talks",), {"deal"})

    def test_null_takes_a_key_out(self, loaded):
        scenario = apply_scenario(loaded, {"events": {"deal": {"prevented_by": None}}})
        assert scenario.model.events["deal"].prevented_by == ()

    def test_lists_replace_and_maps_merge(self, loaded):
        change = {"links": {"war->peace": {"rate_ratio": [2, 3, 4]}}, "domains": ["strategic", "economic", "other"]}
        model = apply_scenario(loaded, change).model
        assert model.links["war -> peace"].rate_ratio == Range(2, 3, 4)
        assert model.links["war -> peace"].lag == Number(3)
        assert model.domains == ("strategic", "economic", "other")

    def test_a_quantity_of_another_form_replaces(self, loaded):
        change = {"policies": {"aid": {"cost": {"experts": {"a": 1, "b": 2}}}}}
        assert isinstance(apply_scenario(loaded, change).model.policies["aid"].cost, Pool)

    def test_an_event_may_be_added(self, loaded):
        change = {"events": {"new": {"title": "New", "level": "macro", "happens": "2025-01", "note": "x"}}}
        scenario = apply_scenario(loaded, change)
        assert scenario.given_probability == {"new"}
        assert str(scenario.model.events["new"].happens) == "2025-01"

    def test_a_scenario_that_there_is_not_is_misuse(self, loaded):
        with pytest.raises(UsageError, match="Did you mean 'calm'"):
            apply_scenario(loaded, "clam")

    def test_scenarios_beside_the_models_folder_are_found(self, tmp_path):
        files = {f"models/m/{name}": text for name, text in sound.FILES.items() if not name.startswith("scenarios")}
        files["scenarios/m/calm.yaml"] = sound.SCENARIO
        loaded = load(sound.write(tmp_path, files) / "models/m")
        assert apply_scenario(loaded, "calm").lens == "rival"


class TestOverrides:
    def _set(self, folder, *overrides):
        return load(sound.write(folder, sound.FILES), overrides=overrides).model

    def test_values_are_set_by_path(self, tmp_path):
        model = self._set(
            tmp_path, "events.deal.probability.1.value=0.6", "links.war->peace.rate_ratio=[1, 2, 4]", "budget.value=9"
        )
        assert model.events["deal"].probability[1].value == Number(0.6)
        assert model.links["war -> peace"].rate_ratio == Range(1, 2, 4)
        assert model.budget.value == 9

    def test_a_key_that_the_format_knows_may_be_added(self, tmp_path):
        assert self._set(tmp_path, "links.crisis -> deal (fear).lag=2 years").links[
            "crisis -> deal (fear)"
        ].lag == Number(24)

    def test_a_single_point_is_item_0_too(self, tmp_path):
        assert self._set(tmp_path, "events.crisis.probability.0.value=0.2").events["crisis"].probability[
            0
        ].value == Number(0.2)

    def test_an_unknown_path_is_misuse_with_the_nearest_name(self, tmp_path):
        with pytest.raises(UsageError, match=r"there is no 'deel\.title' in 'events'"):
            self._set(tmp_path, "events.deel.title=x")
        with pytest.raises(UsageError, match=r"no 'titel' in 'events\.deal'\. Did you mean 'title'\?"):
            self._set(tmp_path, "events.deal.titel=x")
        with pytest.raises(UsageError, match="is not PATH=VALUE"):
            self._set(tmp_path, "events.deal")

    def test_a_wrong_value_is_found_where_it_was_set(self, tmp_path):
        with pytest.raises(ModelError, match=r"1\.2 is not a probability") as error:
            self._set(tmp_path, "events.deal.probability.1.value=1.2")
        assert error.value.findings[0].file == "--set events.deal.probability.1.value"

    def test_as_of_moves(self, tmp_path):
        loaded = load(sound.write(tmp_path, sound.FILES), as_of="2018-06")
        assert str(loaded.model.calendar.as_of) == "2018-06"


def test_a_claim_on_a_hypothesis_nearly_known_is_a_warning(tmp_path):
    """Source cards are shared by models: a hypothesis of another model is passed over."""
    card = sound.CARD.replace("friends: contradicts", "freinds: contradicts, other_models: supports")
    found = check(sound.write(tmp_path, {**sound.FILES, "seeds/s1.yaml": card}))
    assert [(item.severity, item.code, item.hint) for item in found] == [
        ("warning", "near-hypothesis", "Did you mean 'friends'?")
    ]


def test_a_yml_file_is_passed_over_with_a_warning(tmp_path):
    found = check(sound.write(tmp_path, {**sound.FILES, "more.yml": "events: {}\n"}))
    assert [(item.file, item.severity, item.code) for item in found] == [("more.yml", "warning", "not-read")]


def test_files_linked_in_from_outside_are_not_followed(tmp_path):
    folder = sound.write(tmp_path / "m", sound.FILES)
    (tmp_path / "other.yaml").write_text("events:\n  war: {title: Another}\n")
    (folder / "linked.yaml").symlink_to(tmp_path / "other.yaml")
    assert [(item.file, item.severity, item.code) for item in check(folder)] == [("linked.yaml", "warning", "not-read")]


def test_a_scenario_cannot_change_data_or_how_their_baseline_is_fitted():
    model = {
        "etia": 1, "title": "T", "calendar": {"start": 2000, "as_of": 2010, "end": 2020, "step": "year"},
        "trends": {"y": {"title": "Y", "level": "meso", "unit": "u", "history": [{"at": "2005", "value": 1}]}},
    }  # fmt: skip
    for changed in ({"history": [{"at": "2005", "value": 2}]}, {"baseline": {"method": "linear"}}):
        over = {"etia": 1, "title": "S", "trends": {"y": changed}}
        with pytest.raises(ModelError, match="a scenario keeps the model's data"):
            apply_scenario(load_dict(model), over)


def test_a_folder_of_several_models_is_not_taken_for_one(tmp_path):
    for name in ("east", "west"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.yaml").write_text("calendar: {start: 2020, as_of: 2021, end: 2025}\n")
    with pytest.raises(UsageError, match=r"holds several models: .*east, .*west. Name one of them"):
        load(tmp_path)


def test_a_run_that_lies_in_the_model_s_folder_is_no_part_of_the_model(tmp_path):
    sound.write(tmp_path, sound.FILES)
    before = load(tmp_path).resolved()
    run = tmp_path / "runs" / "m-1"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    (run / "model.resolved.yaml").write_text(sound.MODEL, encoding="utf-8")
    assert load(tmp_path).resolved() == before
