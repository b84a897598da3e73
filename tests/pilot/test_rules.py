"""The pilot's decisions: names, checksums, forming and judging."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from penstock_core.errors import InvalidInput
from penstock_core.states import JobState, TaskStatus
from pilot.checksum import copy, copy_checked
from pilot.forming import Formed, Known, form
from pilot.judging import Standing, judge, pause_s
from pilot.model import JobError
from pilot.naming import LONGEST, folder_name, log_name, output_name
from pilot.recipes import with_paths
from recipe.model import Link, Mode

TEXTS = some.text(max_size=300)


@given(TEXTS, some.integers(0, 10**9), TEXTS, TEXTS, some.none() | some.integers(0, 99))
def test_a_name_is_short_of_plain_letters_and_never_ends_in_digits(
    dataset, index, port, basename, part
):
    plain = "".join(c for c in dataset if c.isascii() and c.isalnum()) or "d"
    name = output_name(plain, index, port or "p", basename, part)
    assert len(name) <= LONGEST
    assert name.isascii()
    assert set("/ \n\0") & set(name) == set()
    assert not name.rpartition(".")[2].isdigit()


def test_a_name_says_dataset_index_port_and_extension():
    assert output_name("d", 7, "out", "x.tar.gz", None) == "d.000007.out.gz"
    assert output_name("d", 7, "out", "run.0001", 2) == "d.000007.2.out.x0001"
    assert log_name("l", 7) == "l.000007.log"
    assert log_name("l", 7, 1) == "l.000007.again1.log"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".hidden"])
def test_a_folder_of_the_storage_never_leads_out(name):
    with pytest.raises(JobError):
        folder_name(name)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("adler32", "adler32:03d8018b"),
        ("md5", "md5:e2fc714c4727ee9395f324cd2e7f331f"),
        (
            "sha256",
            "sha256:88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589",
        ),
    ],
)
def test_a_copy_knows_its_checksum_and_size(algorithm, digest):
    target = io.BytesIO()
    checksum, size = copy(io.BytesIO(b"abcd"), target, algorithm)
    assert size == 4
    assert target.getvalue() == b"abcd"
    assert checksum == digest


def test_a_checksum_without_leading_zeros_fits_too(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    copy_checked(source, tmp_path / "a", "adler32:790079")
    copy_checked(source, tmp_path / "b", "ADLER32:00790079")
    copy_checked(source, tmp_path / "c", "")
    with pytest.raises(InvalidInput, match="not known"):
        copy_checked(source, tmp_path / "d", "crc7:12")


def _known(indexes: dict[str, set[int]], closed: set[str]) -> Known:
    return Known({k: frozenset(v) for k, v in indexes.items()}, frozenset(closed))


def test_a_map_waits_for_the_whole_of_its_other_inputs(make_step):
    links = (Link(key="f", take="each"), Link(key="table", step="calib", take="all"))
    step = make_step("true", links=links)
    early = form(step, _known({"f": {1, 2}, "table": set()}, {"f"}))
    late = form(step, _known({"f": {1, 2}, "table": {0}}, {"f", "table"}))
    assert early == Formed((), complete=False)
    assert late == Formed((1, 2), complete=True)


def test_a_merge_of_an_empty_masked_dataset_has_no_job(make_step):
    step = make_step("true", Mode.MERGE)
    assert form(step, _known({"f": set()}, {"f"})) == Formed((), complete=True)
    assert form(step, _known({"f": {4}}, set())) == Formed((), complete=False)
    assert form(step, _known({"f": {4}}, {"f"})) == Formed((0,), complete=True)


@pytest.mark.parametrize(
    ("jobs", "status"),
    [
        ({}, TaskStatus.SKIPPED),
        ({JobState.FINISHED: 2}, TaskStatus.FINISHED),
        ({JobState.FINISHED: 1, JobState.FAILED: 1}, TaskStatus.PARTIAL),
        ({JobState.FAILED: 1}, TaskStatus.FAILED),
        ({JobState.FINISHED: 1, JobState.STAGED: 1}, TaskStatus.IN_PROGRESS),
        ({JobState.FINISHED: 1, JobState.DEFINED: 1}, TaskStatus.IN_PROGRESS),
    ],
)
def test_a_task_is_what_its_jobs_are(jobs, status):
    assert judge(Standing(jobs, unregistered=0, complete=True, cancelled=False)) is status


@pytest.mark.parametrize(("skipped", "status"), [(1, TaskStatus.FINISHED), (2, TaskStatus.SKIPPED)])
def test_a_task_all_of_whose_jobs_were_skipped_is_skipped(skipped, status):
    standing = Standing({JobState.FINISHED: 2}, 0, complete=True, cancelled=False, skipped=skipped)
    assert judge(standing) is status


def test_a_task_with_unregistered_logs_has_not_ended():
    standing = Standing({JobState.FAILED: 1}, unregistered=1, complete=True, cancelled=False)
    assert judge(standing) is TaskStatus.IN_PROGRESS


def test_a_task_that_got_no_job_yet_is_submitted():
    assert judge(Standing({}, 0, complete=False, cancelled=False)) is TaskStatus.SUBMITTED


def test_pauses_double_up_to_the_longest():
    assert [pause_s(n, 1, 10) for n in (1, 2, 3, 4, 5, 999)] == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(
    "location", ["file:///etc/shadow", "/etc/shadow", "http://x/y", "bundle:../x", "bundle:/etc/x"]
)
def test_a_template_reads_its_own_files_alone(tmp_path, location):
    with pytest.raises(InvalidInput):
        with_paths({"default": [{"class": "File", "location": location}]}, tmp_path)


@given(some.integers(0, 3), some.integers(0, 3), some.integers(1, 3))
def test_jobs_cancelled_for_their_inputs_count_as_if_they_had_not_been_made(done, failed, bad):
    jobs = {JobState.FINISHED: done, JobState.FAILED: failed}
    without = Standing(jobs, unregistered=0, complete=True, cancelled=False)
    with_them = Standing(jobs | {JobState.CANCELLED: bad}, 0, complete=True, cancelled=False)
    assert judge(with_them) is judge(without)
