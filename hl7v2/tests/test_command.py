"""The command `hl7v2`, as a person or a pipe uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hl7v2.command.app import app
from samples import ADT_A01, ORU_R01
from typer.testing import CliRunner, Result

from hl7v2 import BatchReader, parse, parse_hl7v2_message, split_hl7_batch


def hl7v2(*arguments: str | Path, content: str | bytes = b"") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=content)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    file = tmp_path / "feed.hl7"
    file.write_text(f"{ADT_A01}\r{ORU_R01}\r", newline="")
    return file


def test_generate_makes_what_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "made.hl7"
    piped = hl7v2("generate", "-n", "3", "--type", "ADT_A03", "--seed", "7")
    assert hl7v2("generate", "-n", "3", "--type", "ADT_A03", "--seed", "7", "-o", file).exit_code == 0
    assert file.read_bytes() == piped.stdout_bytes
    assert [parse(one)["MSH-9.2"] for one in split_hl7_batch(piped.stdout_bytes)] == ["A03"] * 3


def test_generate_makes_a_batch_file(tmp_path: Path) -> None:
    file = tmp_path / "made.hl7"
    assert hl7v2("generate", "-n", "3", "--batch", "-o", file).exit_code == 0
    assert file.read_bytes() == hl7v2("generate", "-n", "3", "--batch").stdout_bytes
    reader = BatchReader(file.read_bytes())
    assert list(reader) == list(split_hl7_batch(hl7v2("generate", "-n", "3").stdout_bytes))
    assert (reader.batches, reader.oddities) == (1, [])


def test_generate_tells_the_faults_that_it_made() -> None:
    result = hl7v2("generate", "-n", "20", "--error-rate", "0.05")
    *faults, sum_line = result.stderr.splitlines()
    assert sum_line.startswith(f"{len(faults)} faults: ")
    assert all(line.split("\t")[0].isdigit() for line in faults)
    judged = hl7v2("validate", content=result.stdout_bytes)
    assert judged.exit_code == 1
    assert f"{len({line.split(chr(9))[0] for line in faults})} not valid" in judged.stdout


def test_parse_shows_values_with_the_names_of_the_standard(feed: Path) -> None:
    shown = hl7v2("parse", feed).stdout
    assert "PID-5.1 " in shown
    assert "patient name, family name" in shown
    assert "Haraldsen" in shown
    assert "Trollh&ttan" in shown
    assert "OBX(28)-3.1" in shown


def test_parse_gives_the_values_at_paths_a_line_a_message(feed: Path) -> None:
    assert hl7v2("parse", feed, "-p", "MSH-9.2", "-p", "PID-3.1").stdout.splitlines() == [
        f"A01\t{parse(ADT_A01)['PID-3.1']}",
        f"R01\t{parse(ORU_R01)['PID-3.1']}",
    ]


def test_parse_gives_rows_as_json(feed: Path) -> None:
    lines = hl7v2("parse", feed, "--rows").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [parse_hl7v2_message(ADT_A01), parse_hl7v2_message(ORU_R01)]


def test_parse_tells_what_is_odd() -> None:
    assert "odd: " in hl7v2("parse", content=ADT_A01.replace("PID|", "pid|")).stdout


def test_validate_ends_with_1_where_a_message_is_not_valid(feed: Path) -> None:
    assert hl7v2("validate", content=ADT_A01).exit_code == 0
    result = hl7v2("validate", content=ADT_A01.replace("|19670814|F", "|yesterday|F"))
    assert result.exit_code == 1
    assert "PID-7" in result.stdout
    assert "data-type" in result.stdout
    assert "yesterday" not in result.stdout


def test_validate_obeys_a_profile_and_lists_the_rules(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[rules]\ndata-type = "warning"\n')
    spoilt = ADT_A01.replace("|19670814|F", "|yesterday|F")
    assert hl7v2("validate", "--profile", profile, content=spoilt).exit_code == 0
    assert "missing-segment" in hl7v2("validate", "--rules").stdout


def test_ack_answers_what_the_sender_asks_for() -> None:
    accepted = parse(hl7v2("ack", content=ADT_A01).stdout_bytes)
    assert (accepted["MSA-1"], accepted["MSA-2"]) == ("CA", "MSG0000017")
    spoilt = ADT_A01.replace("|19670814|F", "|yesterday|F")
    assert parse(hl7v2("ack", "--validate", content=spoilt).stdout_bytes)["MSA-1"] == "CE"
    assert hl7v2("ack", "--level", "application", content=ADT_A01).stdout_bytes == b"", "MSH-16 says never"
    assert parse(hl7v2("ack", "--validate", content="no message").stdout_bytes)["MSA-1"] == "AR"


def test_ack_judges_by_a_profile_though_windows_saved_it(tmp_path: Path) -> None:
    spoilt = ADT_A01.replace("|19670814|F", "|yesterday|F")
    profile = tmp_path / "profile.toml"
    profile.write_text('[rules]\ndata-type = "warning"\n', encoding="utf-8-sig")
    assert parse(hl7v2("ack", "--profile", profile, content=spoilt).stdout_bytes)["MSA-1"] == "CA"
    profile.write_text('[fields."PID-4"]\nrequired = true\n', encoding="utf-8-sig")
    assert parse(hl7v2("ack", "--profile", profile, content=ADT_A01).stdout_bytes)["MSA-1"] == "CE"


def test_split_writes_a_file_for_each_message(feed: Path, tmp_path: Path) -> None:
    result = hl7v2("split", feed, "-d", tmp_path / "out")
    assert "2 messages" in result.stdout
    assert (tmp_path / "out" / "000001.hl7").read_bytes().strip() == ADT_A01.strip().encode()
    assert parse((tmp_path / "out" / "000002.hl7").read_bytes())["MSH-9"] == "ORU"
    assert "BTS-1 counts 5" in hl7v2("split", "-d", tmp_path, content=f"BHS|^~\\&\r{ADT_A01}\rBTS|5\r").stderr


def test_diff_shows_what_changed(feed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.hl7"
    other.write_bytes(feed.read_bytes().replace(b"Haraldsen", b"Berg", 1))
    assert hl7v2("diff", feed, feed).exit_code == 0
    result = hl7v2("diff", feed, other)
    assert result.exit_code == 1
    assert "message 1: 1 difference" in result.stdout
    assert all(word in result.stdout for word in ("PID-5.1", "Haraldsen", "Berg"))
    assert "message 2 is in the first file only" in hl7v2("diff", feed, "-", content=ADT_A01).stdout


def test_what_is_wrong_is_one_sentence() -> None:
    for arguments, sentence in (
        (["parse"], "hl7v2: no message is in the input: no line begins with MSH"),
        (["parse", "-p", "PID.3"], 'hl7v2: "PID.3" is not a path of the form PID-3(2).4.1'),
        (["validate", "--profile", "site.toml"], "hl7v2: site.toml: No such file or directory"),
        (["generate", "-t", "BAR_P01"], "hl7v2: no messages of type BAR_P01 can be made: choose from ADT_A01"),
    ):
        content = ADT_A01 if "-p" in arguments else "nothing"
        command = [sys.executable, "-m", "hl7v2", *arguments]
        ran = subprocess.run(command, input=content, capture_output=True, text=True, check=False)
        assert ran.returncode == 2
        assert sentence in " ".join(ran.stderr.split())
        assert "Traceback" not in ran.stderr


def test_help_teaches_every_subcommand() -> None:
    names = ("generate", "parse", "validate", "ack", "split", "diff")
    overview = hl7v2("--help").stdout
    assert all(name in overview for name in names)
    for name in names:
        assert f"Example: hl7v2 {'generate' if name in ('validate', 'ack') else name}" in " ".join(
            hl7v2(name, "--help").stdout.split()
        )
