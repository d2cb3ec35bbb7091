"""What check-config says of a site whose hub died."""

from pathlib import Path

import pytest

from hub.config.load import check

CHARGERS = "chargers:\n" + "".join(
    f"  bay-{n}: {{integration: demodial, station: S-{n}, circuit: garage}}\n" for n in range(1, 5)
)


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    return [line.strip() for line in check(file).without_hub[1:]]


def test_the_shares_and_what_is_reckoned_with(tmp_path: Path) -> None:
    grid = "grid: {limit_a: 63, unmanaged_a: 20}\ncircuits: {garage: {limit_a: 32}}\n"
    assert said(tmp_path, grid + CHARGERS) == ["8 A  bay-1, bay-2, bay-3, bay-4"]
    undeclared = "grid: {limit_a: 63}\ncircuits: {garage: {limit_a: 32}}\n"
    assert said(tmp_path, undeclared + CHARGERS)[-1].startswith("grid.unmanaged_a is not set")


def test_whose_minimum_does_not_fit_and_what_would_do(tmp_path: Path) -> None:
    grid = "grid: {limit_a: 63, unmanaged_a: 20}\ncircuits: {garage: {limit_a: 20, name: Garage}}\n"
    shares, none, why = said(tmp_path, grid + CHARGERS)
    assert (shares, none) == ("6.6 A  bay-1, bay-2, bay-3", "0 A  bay-4")
    assert why.startswith("Not all minimums fit: Garage circuit L1 would need 24.0 A and has 20 A. A limit_a of")


def test_who_cannot_hold_its_share_is_named(tmp_path: Path) -> None:
    grid = "grid: {limit_a: 63, unmanaged_a: 20}\ncircuits: {garage: {limit_a: 32}}\n"
    more = "  go: {integration: demobox, station: G, fallback_a: 6}\n"
    assert said(tmp_path, grid + CHARGERS + more) == [
        "8 A  bay-1, bay-2, bay-3, bay-4",
        "6 A  go",
        "These keep their last limit instead, and are never given more than fits then: go",
    ]
    assert said(tmp_path, grid + CHARGERS + more.replace("fallback_a: 6", "keeps_limit: true"))[-1] == (
        "These keep their last limit instead, whatever it is, as is confirmed (keeps_limit): go"
    )


@pytest.mark.parametrize("text", ["grid: {limit_a: 63}\n", "grid: {limit_a: -1}\n" + CHARGERS])
def test_nothing_is_said_without_chargers_or_of_a_file_with_an_error(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text) == []


def test_it_stands_in_the_report_and_in_its_json(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "grid: {limit_a: 63, unmanaged_a: 20}\ncircuits: {garage: {limit_a: 32}}\n" + CHARGERS
    )
    report = check(tmp_path / "config.yaml")
    assert "If the hub dies, the chargers give by themselves:\n  8 A  bay-1" in report.text()
    assert report.to_json()["without_hub"] == list(report.without_hub)
