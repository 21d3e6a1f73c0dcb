"""The files for containers, work pools and batch systems in docs/deploy do what they say."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import prefect
import pytest
import yaml
from prefect.client.schemas.objects import FlowRun

from flows.cli.main import load
from flows.run.planning.shard import Shard
from flows.serving.end_of_serving import END_SECONDS, INTERRUPTED_SECONDS
from processors.engine.program_files import digest_of_program
from processors.store.store import Store
from tests.conftest import quiet_environment
from tests.helpers.command import PROJECT
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi

DEPLOY = PROJECT / "docs/deploy"
TEMPLATES = Path(prefect.__file__).parent / "server/api/collections_data/views/aggregate-worker-metadata.json"


def steps() -> list[list[str]]:
    """The instructions of the Dockerfile, in words, without comments."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def copied() -> list[Path]:
    return [PROJECT / name for step in steps() if step[0] == "COPY" for name in step[1:-1]]


def test_everything_that_the_image_copies_exists() -> None:
    assert len(copied()) == 6
    assert [path for path in copied() if not path.exists()] == []
    locked = next(at for at, step in enumerate(steps()) if "--require-hashes" in step)
    assert steps()[locked - 1] == ["COPY", "requirements.lock", "./"], "what the lock installs is a layer of its own"


@pytest.mark.slow
def test_what_the_image_copies_is_enough_to_install_and_run(tmp_path: Path) -> None:
    for path in copied():
        (tmp_path / "context").mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", path, tmp_path / "context" / path.name], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q", "."]
    subprocess.run([*build, "-w", str(tmp_path)], cwd=tmp_path / "context", check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    copied_files, installed_files = (
        digest_of_program([folder / name for name in ("flows", "processors")])
        for folder in (PROJECT, tmp_path / "installed")
    )
    assert installed_files == copied_files, "a driver in a checkout and workers in the image are of the same program"
    command = json.loads(" ".join(steps()[-1][1:]))
    module, _, name = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"][
        command[0]
    ].partition(":")
    code = f"import sys; sys.argv = {command!r}; from {module} import {name}; {name}()"
    environment = {**quiet_environment(tmp_path), "PYTHONPATH": str(tmp_path / "installed")}
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.splitlines()[0][:6]) == (0, "Usage:"), run.stderr


def test_deployments_of_shards_have_parameters_and_variables_that_prefect_knows() -> None:
    from flows.ingest import ingest as flow

    content = yaml.safe_load((DEPLOY / "prefect-shards.yaml").read_text())
    known: dict[str, Any] = {
        kind: worker["default_base_job_configuration"]["variables"]["properties"]
        for package in json.loads(TEMPLATES.read_text()).values()
        for kind, worker in package.items()
    }
    for one in content["deployments"]:
        path, _, name = one["entrypoint"].partition(":")
        assert (PROJECT / path).exists()
        assert name == flow.fn.__name__
        kind = one["work_pool"]["name"].removeprefix("marsmedia-")
        assert set(one["work_pool"].get("job_variables", {})) <= set(known[kind])
        shards = [Shard.parse(schedule["parameters"]["shard"]) for schedule in one["schedules"]]
        assert [shard.number for shard in shards] == list(range(1, shards[0].count + 1))
        assert {shard.count for shard in shards} == {len(shards)}
        for schedule in one["schedules"]:
            flow.validate_parameters({**one["parameters"], **schedule["parameters"]})


def commands_of(kind: str) -> list[str]:
    """The commands for a kind of pool in the first lines of the file: the pool, the deployment, the worker."""
    lines = (DEPLOY / "prefect-shards.yaml").read_text().splitlines()
    commands = [
        line.removeprefix("#   ").partition("  #")[0].strip() for line in lines if line.startswith("#   prefect ")
    ]
    return [command for command in commands if re.search(rf"-{kind}\b", command)]


class Checkout:
    """A folder as a checkout, in which a shell runs the commands of the file; raw and store are set in it."""

    def __init__(self, folder: Path, server: str, raw: Path) -> None:
        self.folder, self.store = folder / "checkout", folder / "store"
        (self.folder / "docs/deploy").mkdir(parents=True)
        for name in ("flows", "marsmedia", "processors", "pyproject.toml"):
            (self.folder / name).symlink_to(PROJECT / name)
        text = (DEPLOY / "prefect-shards.yaml").read_text()
        text = text.replace("/srv/mars/raw,", f"{raw},").replace("/srv/mars/processed", str(self.store))
        (self.folder / "docs/deploy/prefect-shards.yaml").write_text(text)
        self.environment = {
            **quiet_environment(folder / "home"),
            "PREFECT_API_URL": server,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
        }

    def start(self, command: str, log: int | IO[bytes]) -> subprocess.Popen[bytes]:
        words = ["sh", "-c", f"cd {shlex.quote(str(self.folder))} && exec {command}"]
        return subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def run(self, command: str, log: Path) -> str:
        with log.open("wb") as file:
            code = self.start(command, file).wait(timeout=240)
        assert code == 0, f"{command}: {log.read_text()}"
        return log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "directory"), [("docker", "/opt/marsmedia"), ("kubernetes", "/opt/marsmedia")])
def test_the_commands_for_containers_deploy_runs_in_the_folder_of_the_image(
    kind: str, directory: str, prefect_server: str, raw: Path, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path, prefect_server, raw)
    pool, deploy, worker = commands_of(kind)
    for command in (pool, deploy):
        checkout.run(command, tmp_path / "log.txt")
    deployed = PrefectApi(prefect_server).ask(f"deployments/name/ingest/shards-{kind}")
    assert deployed["pull_steps"] == [{"prefect.deployments.steps.set_working_directory": {"directory": directory}}]
    assert ["WORKDIR", directory] in steps()
    assert ["COPY", "flows", "flows"] in steps()
    assert "{{" not in json.dumps(deployed["job_variables"]), "nothing that someone would have to set"
    assert worker == f"prefect worker start --pool {deployed['work_pool_name']}"


@pytest.mark.slow
def test_the_commands_for_processes_make_a_shard(
    prefect_server: str, raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    for number in range(4):
        maker.photo(f"photo-{number}.jpg", size=(60 + 60 * number, 40))
    checkout = Checkout(tmp_path, prefect_server, raw)
    pool, deploy, worker_command = commands_of("process")
    for command in (pool, deploy):
        checkout.run(command, tmp_path / "log.txt")
    (run,) = re.findall(r"^# .*: (prefect deployment run .*)$", (DEPLOY / "prefect-shards.yaml").read_text(), re.M)
    with (tmp_path / "worker.txt").open("wb") as log:
        worker = checkout.start(worker_command, log)
    try:
        for number in (1, 2, 3, 4):
            checkout.run(run.replace("shard=1/4", f"shard={number}/4"), tmp_path / "log.txt")
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    assert len({one.ref.source for one in Store(checkout.store).manifests()}) == 4, (
        tmp_path / "worker.txt"
    ).read_text()


def test_a_container_gets_no_credentials_of_its_worker_but_the_folder_that_the_file_mounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prefect.workers.base import BaseJobConfiguration
    from prefect.workers.process import ProcessJobConfiguration

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    run = FlowRun(flow_id=uuid4(), name="a run")
    container, process = BaseJobConfiguration(), ProcessJobConfiguration()
    container.prepare_for_flow_run(run)
    process.prepare_for_flow_run(run)
    assert [name for name in container.env if not name.startswith("PREFECT_")] == []
    assert process.env["AWS_SECRET_ACCESS_KEY"] == "geheim"
    (docker,) = [
        one["work_pool"]["job_variables"]
        for one in yaml.safe_load((DEPLOY / "prefect-shards.yaml").read_text())["deployments"]
        if one["name"] == "shards-docker"
    ]
    (user,) = [step[-1] for step in steps() if step[:2] == ["RUN", "useradd"]]
    assert ["USER", user] in steps()
    assert f"/srv/mars/aws:/home/{user}/.aws:ro" in docker["volumes"]
    locked = (PROJECT / "requirements.lock").read_text()
    assert "\nboto3==" in locked, "reads the file in the image"


def test_each_index_of_the_kubernetes_job_is_a_shard() -> None:
    job = yaml.safe_load((DEPLOY / "kubernetes-job.yaml").read_text())["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completions"] == job["parallelism"]
    script = f"marsmedia() {{ printf '%s\\n' \"$@\"; }}; {container['args'][0].removeprefix('exec ')}"
    shards = []
    for index in range(job["completions"]):
        environment = {**os.environ, "JOB_COMPLETION_INDEX": str(index), "MARSMEDIA_STORE": "s3://bucket/mars"}
        words = subprocess.run(
            [*container["command"], script], env=environment, capture_output=True, text=True, check=True
        ).stdout.split("\n")
        shards.append(words[words.index("--shard") + 1])
        _understood(words[1:-1])
    assert shards == [f"{number}/{job['completions']}" for number in range(1, job["completions"] + 1)]


def _understood(words: list[str]) -> None:
    from flows.cli.ingest import ingest as command

    command.make_context("ingest", list(words))


@pytest.mark.slow
def test_the_slurm_array_makes_what_one_run_makes(
    raw: Path, maker: MediaMaker, tmp_path: Path, python_path: str
) -> None:
    for number in range(4):
        maker.photo(f"photo-{number}.jpg", size=(60 + 60 * number, 40))
    shim = tmp_path / "bin/marsmedia"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m flows.cli "$@"\n')
    shim.chmod(0o755)
    script = DEPLOY / "slurm-array.sh"
    assert re.search(r"^#SBATCH --array=1-\d+$", script.read_text(), re.MULTILINE)
    for number in (1, 2):
        environment = {
            **quiet_environment(tmp_path),
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "PYTHONPATH": python_path,
            "MARSMEDIA_RAW": str(raw),
            "MARSMEDIA_STORE": str(tmp_path / "store"),
            "SLURM_ARRAY_TASK_ID": str(number),
            "SLURM_ARRAY_TASK_COUNT": "2",
            "SLURM_CPUS_PER_TASK": "1",
        }
        run = subprocess.run([script], env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert run.returncode == 0, run.stderr
    assert len({one.ref.source for one in Store(tmp_path / "store").manifests()}) == 4


def test_the_service_starts_serve_and_leaves_the_stopping_to_it() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    text = (DEPLOY / "marsmedia.service").read_text()
    unit.read_string(text)
    service = unit["Service"]
    (other,) = re.findall(r"^# ExecStart=\S+ serve (.*)$", text, re.MULTILINE)
    assert load("serve").make_context("serve", shlex.split(other)).params["recipe"] == "light"
    program, command, *words = shlex.split(service["ExecStart"])
    assert (Path(program).name, command) == ("marsmedia", "serve")
    assert load("serve").make_context("serve", words).params["raw"] == Path("/srv/mars/raw")
    assert service["KillMode"] == "mixed", "SIGTERM to serve alone"
    assert int(service["TimeoutStopSec"]) > INTERRUPTED_SECONDS + END_SECONDS


def test_the_line_for_cron_is_silent_and_mails_what_a_failed_night_printed(tmp_path: Path) -> None:
    page = (PROJECT / "docs/running-every-night.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^0 2 \* \* \*  (.*)$", page, re.M)
    program = f"{shlex.quote(sys.executable)} -m flows.cli"
    line = line.replace("/srv/mars", shlex.quote(str(tmp_path))).replace(".venv/bin/marsmedia", program)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mail").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/mailed.txt; cat >> {tmp_path}/mailed.txt\n')
    (programs / "mail").chmod(0o755)
    environment = {
        **quiet_environment(tmp_path / "home"),
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    (tmp_path / "raw/june").mkdir(parents=True)
    photo = MediaMaker(tmp_path / "raw/june").photo("photo.jpg")

    def night() -> str:
        run = subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        return run.stdout + run.stderr

    assert night() == ""
    assert not (tmp_path / "mailed.txt").exists()
    (tmp_path / "raw/june/cut.jpg").write_bytes(photo.read_bytes()[:-3000])
    assert night() == ""
    subject, *body = (tmp_path / "mailed.txt").read_text().splitlines()
    assert subject == "-s marsmedia: ingest failed ops@example.org"
    assert [one for one in body if one.lstrip().startswith("failed: june/cut.jpg: ")]


def test_the_setting_of_the_docs_has_prefect_delete_old_runs(tmp_path: Path) -> None:
    page = (PROJECT / "docs/running-every-night.md").read_text(encoding="utf-8")
    ((name, value),) = re.findall(r"`(PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED)=([^`]+)`", page)
    code = (
        "from prefect.settings import get_current_settings as get; one = get().server.services.db_vacuum;"
        "print(sorted(one.enabled_vacuum_types), one.retention_period.days)"
    )
    environment = {**quiet_environment(tmp_path), name: value}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "['events', 'flow_runs', 'orphans'] 90\n"
