"""Keep: a document is whole on disk or it is the old one; what cannot be read is as if it were not there."""

from __future__ import annotations

from pathlib import Path

from hub.core.keep import Keep


def test_a_document_comes_back_and_is_private(tmp_path: Path) -> None:
    keep = Keep(tmp_path / "state")
    keep.save("limits", {"bay-1": 10})
    assert Keep(tmp_path / "state").load("limits") == {"bay-1": 10}
    assert (tmp_path / "state" / "limits.json").stat().st_mode & 0o777 == 0o600


def test_nothing_and_nonsense_are_none(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"bay-1": 1')
    assert Keep(tmp_path).load("torn") is None
    assert Keep(tmp_path).load("never") is None


def test_a_torn_write_leaves_the_old_document(tmp_path: Path) -> None:
    keep = Keep(tmp_path)
    keep.save("limits", {"bay-1": 10})
    (tmp_path / ".limits.json.new").write_text('{"bay-')  # killed while it wrote
    assert keep.load("limits") == {"bay-1": 10}
    keep.save("limits", {"bay-1": 12})
    assert keep.load("limits") == {"bay-1": 12}
