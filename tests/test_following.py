"""Watched folders: what is added, changed, moved, renamed or deleted in them is so in the library."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingest import following
from ingest.__main__ import main
from ingest.examination import examine
from ingest.following import Followed, check_folder, follow
from ingest.pipeline import ingest
from ingest.queue import IngestQueue
from ingest.report import IncomingFile
from ingest.watch import FolderWatcher
from rag.catalog.sources import source_name
from rag.deletion import delete_document
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings
from tests.documents import write_zip
from tests.fakes import HashingEmbedder

SETTINGS = Settings(chunk_tokens=30, chunk_overlap=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "watched"
    (made / "sub").mkdir(parents=True)
    (made / "herons.txt").write_text("\n\n".join(f"Heron {n} stands for {n * 7} hours." for n in range(30)))
    (made / "sub" / "terns.txt").write_text("Terns dive for fish.")
    return made.resolve()


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: HashingEmbedder) -> Iterator[Library]:
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as opened:
        opened.open_store(embedder)
        yield opened


@pytest.fixture
def look(library: Library, embedder: HashingEmbedder, folder: Path) -> Callable[[], Followed]:
    """Follows the folder once; what is stored fits together afterwards."""

    def add(files: Sequence[IncomingFile]) -> bool:
        ingest(files, library=library, embedder=embedder, settings=SETTINGS)
        return True

    def once() -> Followed:
        followed = follow(library, folder, add=add)
        assert examine(library).findings == ()
        return followed

    return once


def names(library: Library) -> set[str]:
    return {record.name for record in library.catalog.documents(library.collection)}


def labels(library: Library, question: str) -> set[str]:
    """Names in the passages that a search by words finds."""
    found = {chunk_id for chunk_id, _ in library.lexical.search(question, k=50)}
    return {chunk.document_name for chunk in library.store.chunks() if chunk.id in found}


def test_added_changed_and_deleted_files_are_followed(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    assert look() == Followed(2, added=2)
    assert look() == Followed(2)
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    (folder / "sub" / "terns.txt").write_text("Terns now nest on sand.")
    assert look() == Followed(3, added=2)
    assert names(library) == {"herons.txt", "terns.txt", "gulls.txt"}
    assert labels(library, "dive fish") == set()
    (folder / "herons.txt").unlink()
    shutil.rmtree(folder / "sub")
    followed = look()
    assert followed == Followed(1, removed=2)
    assert set(followed.left) == {"herons.txt", "terns.txt"}
    assert look().left == ()
    assert look().after(followed).left == followed.left
    assert names(library) == {"gulls.txt"}
    assert library.store.count() == 1


def test_a_moved_or_renamed_file_is_embedded_no_second_time(
    library: Library, look: Callable[[], Followed], folder: Path, embedder: HashingEmbedder
) -> None:
    look()
    before, tags = embedder.encoded, library.document("herons.txt").id
    library.catalog.tag("library", [tags], ["waders"])
    (folder / "herons.txt").rename(folder / "sub" / "herons.txt")
    assert look() == Followed(2, added=1, removed=1)
    (folder / "sub" / "herons.txt").rename(folder / "grey-birds.txt")
    assert look() == Followed(2, added=1, removed=1, renamed=1)
    assert embedder.encoded == before
    record = library.document("grey-birds.txt")
    assert (record.title, record.sources, record.tags) == (
        "grey birds",
        (str(folder / "grey-birds.txt"),),
        ("waders",),
    )
    assert labels(library, "heron hours") == {"grey-birds.txt"}
    assert labels(library, "grey birds") == {"grey-birds.txt"}
    assert names(library) == {"grey-birds.txt", "terns.txt"}


def test_words_of_a_renaming_that_broke_off_go_with_the_next_one(
    library: Library, look: Callable[[], Followed], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    look()
    (folder / "herons.txt").rename(folder / "egrets.txt")
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(library.store, "put", killed)
        look()
    (folder / "egrets.txt").rename(folder / "storks.txt")
    look()
    assert names(library) == {"storks.txt", "terns.txt"}
    assert library.lexical.count() == library.store.count()


def test_a_renaming_that_broke_off_is_done_again(
    library: Library, look: Callable[[], Followed], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    (folder / "herons.txt").rename(folder / "egrets.txt")
    monkeypatch.setattr(library.store, "delete", lambda ids: (_ for _ in ()).throw(OSError("the power went")))
    with pytest.raises(OSError, match="power"):
        look()
    monkeypatch.undo()
    assert look().problem == ""
    assert names(library) == {"egrets.txt", "terns.txt"}
    assert labels(library, "heron") == {"egrets.txt"}


def test_two_files_of_the_same_bytes_are_one_document_until_the_last_is_gone(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    shutil.copy(folder / "sub" / "terns.txt", folder / "sea.txt")
    look()
    assert len(names(library)) == 2
    (folder / "sea.txt").unlink()
    look()
    assert names(library) == {"herons.txt", "terns.txt"}
    (folder / "sub" / "terns.txt").unlink()
    look()
    assert names(library) == {"herons.txt"}


def test_files_of_archives_come_and_go_with_them(library: Library, look: Callable[[], Followed], folder: Path) -> None:
    write_zip(folder / "papers.zip", {"a.txt": b"About skuas.", "b.txt": b"About knots."})
    look()
    write_zip(folder / "papers.zip", {"a.txt": b"About skuas.", "c.txt": b"About ruffs."})
    look()
    assert names(library) == {"herons.txt", "terns.txt", "a.txt", "c.txt"}
    (folder / "papers.zip").unlink()
    assert look().removed == 1
    assert names(library) == {"herons.txt", "terns.txt"}


def test_names_that_need_cleaning_are_followed(library: Library, look: Callable[[], Followed], folder: Path) -> None:
    odd = folder / "two  spaces"
    odd.mkdir()
    (odd / "soft\u00adhyphen  and.txt").write_text("About knots.")
    (odd / "decomposed u\u0308.txt").write_text("About ruffs.")
    assert look() == Followed(4, added=4)
    assert look() == Followed(4)
    (odd / "decomposed u\u0308.txt").unlink()
    assert look() == Followed(3, removed=1)
    assert names(library) == {"herons.txt", "terns.txt", "softhyphen and.txt"}
    (folder / "line\nend").mkdir()
    with pytest.raises(FootnoteError, match="no one can see"):
        check_folder(library, folder / "line\nend")


def test_a_file_behind_a_link_is_followed_when_it_changes_outside(
    library: Library, embedder: HashingEmbedder, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch._ABSENT", 1)
    outside = tmp_path.resolve() / "outside.txt"
    outside.write_text("The keeper is Oda.")
    (folder / "keeper.txt").symlink_to(outside)
    library.catalog.watch(library.collection, str(folder))
    queue = IngestQueue(library, SETTINGS)
    queue.start(embedder)
    watcher = FolderWatcher(library, queue.add)
    watcher.start()
    wait(lambda: len(names(library)) == 3)
    outside.write_text("The keeper is Wim since May.")
    wait(lambda: labels(library, "Wim") == {"outside.txt"} and not labels(library, "Oda"))
    outside.unlink()
    wait(lambda: len(names(library)) == 2)
    watcher.close()
    queue.close()
    assert examine(library).findings == ()


def test_a_document_behind_a_link_is_named_when_it_leaves(
    look: Callable[[], Followed], folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("The keeper is Oda.")
    (folder / "keeper.txt").symlink_to(outside)
    look()
    (folder / "keeper.txt").unlink()
    assert look().left == ("outside.txt",)


def test_a_folder_that_is_away_or_empty_all_at_once_loses_nothing(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    look()
    away = folder.rename(folder.with_name("away"))
    assert "is not there at the moment" in look().problem
    folder.mkdir()
    assert "is empty all at once" in look().problem
    assert names(library) == {"herons.txt", "terns.txt"}
    folder.rmdir()
    away.rename(folder)
    assert look() == Followed(2)


def test_a_stray_file_where_a_drive_was_loses_nothing(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    (folder / "gulls.txt").write_text("Gulls follow the plough.")
    look()
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()
    (folder / "stray.txt").write_text("Somebody saved a note while the drive was not connected.")
    assert "None of the files that were in" in look().problem
    assert names(library) == {"herons.txt", "terns.txt", "gulls.txt", "stray.txt"}
    (folder / "stray.txt").unlink()
    folder.rmdir()
    away.rename(folder)
    assert look().removed == 1
    assert names(library) == {"herons.txt", "terns.txt", "gulls.txt"}


def test_files_that_all_move_at_once_stay_what_they_are(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    (folder / "gulls.txt").write_text("Gulls follow the plough.")
    look()
    inner = folder / "inner"
    inner.mkdir()
    for path in [path for path in folder.rglob("*.txt")]:
        path.rename(inner / path.name)
    found = look()
    assert (found.problem, found.left) == ("", ())
    assert names(library) == {"herons.txt", "terns.txt", "gulls.txt"}


def test_a_watched_folder_inside_another_loses_nothing_when_it_is_away(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    library.catalog.watch("library", str(folder))
    look()
    away = (folder / "sub").rename(folder.with_name("away"))
    library.catalog.watch("library", str(folder / "sub"))
    assert look() == Followed(1)
    (folder / "sub").mkdir()  # where the drive is connected
    assert look() == Followed(1)
    assert names(library) == {"herons.txt", "terns.txt"}
    library.catalog.unwatch("library", str(folder / "sub"))
    assert look() == Followed(1, removed=1)
    assert away.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_stays(library: Library, look: Callable[[], Followed], folder: Path) -> None:
    look()
    (folder / "sub").chmod(0)
    try:
        assert "may not be read" in look().problem
        assert names(library) == {"herons.txt", "terns.txt"}
    finally:
        (folder / "sub").chmod(0o755)


def test_a_document_deleted_by_hand_comes_back_only_when_its_file_changes(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    look()
    delete_document(library, library.document("terns.txt").id)
    assert look() == Followed(2)
    assert names(library) == {"herons.txt"}
    (folder / "sub" / "terns.txt").write_text("Other terns.")
    look()
    assert names(library) == {"herons.txt", "terns.txt"}


def test_a_folder_that_holds_the_library_is_refused(library: Library, folder: Path) -> None:
    assert check_folder(library, folder) == folder
    for wrong in (library.folder, library.folder.parent, library.folder / "originals"):
        wrong.mkdir(exist_ok=True)
        with pytest.raises(FootnoteError, match="holds the library itself"):
            check_folder(library, wrong)
    with pytest.raises(FootnoteError, match="is no folder"):
        check_folder(library, folder / "nothing")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/home/a/report.pdf", "report.pdf"),
        ("/home/a/b.zip!dir/report.pdf", "report.pdf"),
        ("upload:report.pdf", "report.pdf"),
        ("upload:b.zip!dir/report.pdf", "report.pdf"),
        ("kept:report.pdf", "report.pdf"),
        ("/home/a/what!.txt", "what!.txt"),
    ],
)
def test_a_source_tells_the_name_of_its_document(source: str, name: str) -> None:
    assert source_name(source) == name


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_files_that_are_no_document_are_counted_apart(
    library: Library, look: Callable[[], Followed], folder: Path
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    write_zip(folder / "birds.zip", {"auks.txt": b"Auks dive."})
    assert look() == Followed(4, added=4)
    assert library.catalog.left_out("library", str(folder)) == 1
    (folder / "broken.pdf").write_bytes(b"")
    (folder / "broken.pdf").unlink()
    assert look().left == (), "what was no document does not leave"
    assert library.catalog.left_out("library", str(folder)) == 0


@pytest.mark.slow
def test_the_watcher_follows_while_it_runs_and_catches_up_after_a_pause(
    library: Library, embedder: HashingEmbedder, folder: Path, tmp_path: Path
) -> None:
    queue = IngestQueue(library, SETTINGS)
    queue.start(embedder)
    library.catalog.watch("library", str(folder))
    watcher = FolderWatcher(library, queue.add)
    watcher.start()
    wait(lambda: names(library) == {"herons.txt", "terns.txt"} and str(folder) in watcher.results)
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    (folder / "sub" / "terns.txt").unlink()
    wait(lambda: names(library) == {"herons.txt", "gulls.txt"})
    (folder / "new" / "deep").mkdir(parents=True)
    (folder / "gulls.txt").rename(folder / "new" / "deep" / "mews.txt")
    wait(lambda: names(library) == {"herons.txt", "mews.txt"})
    second = tmp_path / "second"
    second.mkdir()
    (second / "ruffs.txt").write_text("Ruffs dance.")
    library.catalog.watch("library", str(second))
    watcher.refresh()
    wait(lambda: "ruffs.txt" in names(library))
    watcher.close()
    (folder / "herons.txt").unlink()
    (second / "knots.txt").write_text("Knots run.")
    again = FolderWatcher(library, queue.add)
    again.start()
    wait(lambda: names(library) == {"mews.txt", "ruffs.txt", "knots.txt"})
    library.catalog.unwatch("library", str(second))
    again.refresh()
    wait(lambda: list(again.results) == [str(folder)])
    (second / "knots.txt").unlink()
    time.sleep(1.0)
    assert "knots.txt" in names(library)
    again.close()
    queue.close()


def test_a_watched_folder_that_comes_back_is_followed(
    library: Library, embedder: HashingEmbedder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch._ABSENT", 1)
    away = folder.rename(folder.with_name("away"))
    queue = IngestQueue(library, SETTINGS)
    queue.start(embedder)
    library.catalog.watch("library", str(folder))
    watcher = FolderWatcher(library, queue.add)
    watcher.start()
    wait(lambda: "not there" in getattr(watcher.results.get(str(folder)), "problem", ""))
    away.rename(folder)
    wait(lambda: names(library) == {"herons.txt", "terns.txt"})
    watcher.close()
    queue.close()


def test_a_folder_that_is_another_under_the_same_name_is_watched(
    library: Library, embedder: HashingEmbedder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a drive is connected, or connected again, at a folder that stays."""
    monkeypatch.setattr("ingest.watch._ABSENT", 1)
    queue = IngestQueue(library, SETTINGS)
    queue.start(embedder)
    library.catalog.watch("library", str(folder))
    watcher = FolderWatcher(library, queue.add)
    watcher.start()
    wait(lambda: str(folder) in watcher.results)
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()
    wait(lambda: "empty all at once" in watcher.results[str(folder)].problem)
    shutil.copytree(away, folder, dirs_exist_ok=True)
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    wait(lambda: names(library) == {"herons.txt", "terns.txt", "gulls.txt"})
    watcher.close()
    queue.close()


def test_files_that_went_away_while_they_were_added_are_added_when_they_are_back(
    library: Library, embedder: HashingEmbedder, folder: Path
) -> None:
    away = folder.with_name("away")

    def add(files: Sequence[IncomingFile], *, goes_away: bool = False) -> bool:
        if goes_away:
            folder.rename(away)
        ingest(files, library=library, embedder=embedder, settings=SETTINGS)
        return True

    assert follow(library, folder, add=lambda files: add(files, goes_away=True)).removed == 0
    assert names(library) == set()
    away.rename(folder)
    assert follow(library, folder, add=add) == Followed(2, added=2)
    assert names(library) == {"herons.txt", "terns.txt"}


def test_a_folder_that_goes_away_while_it_is_looked_through_loses_nothing(
    library: Library, look: Callable[[], Followed], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    away = folder.with_name("away")
    found = following.find_files

    def in_part(paths: Sequence[Path]) -> list[IncomingFile]:
        files = found(paths)[:1]
        monkeypatch.setattr(following, "_state", lambda path: "1 1" if path == files[0].path else "")
        folder.rename(away)
        return files

    monkeypatch.setattr(following, "find_files", in_part)
    assert "not there at the moment" in look().problem
    assert names(library) == {"herons.txt", "terns.txt"}


def test_a_watcher_that_is_closed_while_it_turns_to_its_folders_ends(library: Library, folder: Path) -> None:
    library.catalog.watch("library", str(folder))
    watcher = FolderWatcher(library, lambda files: True)

    class ClosedMeanwhile(threading.Event):
        def clear(self) -> None:
            watcher._closing.set()
            self.set()
            super().clear()

    watcher._changed = ClosedMeanwhile()
    watcher.start()
    assert watcher._ended.wait(20)


@pytest.mark.slow
def test_the_command_watches_until_it_is_interrupted(tmp_path: Path, folder: Path) -> None:
    code = (
        "import sys, types\nfrom tests.fakes import HashingEmbedder\n"
        "sys.modules['rag.build'] = types.SimpleNamespace(load_embedder=lambda *a, **k: HashingEmbedder())\n"
        "from ingest.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    environment = {**os.environ, "FOOTNOTE_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", code]
    watching = subprocess.Popen(
        [*command, "--watch", str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a suite started in the background ignores interrupts, and what it starts would ignore them too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert watching.stdout is not None
    first = watching.stdout.readline()
    assert "2 added" in first, watching.communicate()  # why it ended
    assert f"{folder}: 2 files, 0 gone; watching" in watching.stdout.readline()
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    assert "1 added" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=30)
    assert watching.returncode == 130
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as library:
        assert names(library) == {"herons.txt", "terns.txt", "gulls.txt"}
        assert library.catalog.watched("library") == [str(folder)]
    (tmp_path / "auks.txt").write_text("Auks dive.")
    subprocess.run([*command, "--unwatch", str(folder), str(tmp_path / "auks.txt")], env=environment, check=True)
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as library:
        assert library.catalog.watched("library") == []
        assert "auks.txt" in names(library)  # what is named beside is added


def test_the_command_names_a_folder_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    assert main(["--watch", str(tmp_path / "nothing")]) == 1
    assert "is no folder on this machine" in capsys.readouterr().err
