"""Render takes both blueprints, and finds in them what our settings know."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from aineon.cli.main import app
from aineon.runtime.settings import PARAMETERS, load_settings
from tests.tooling.blueprints import BLUEPRINT, disagreements
from tests.tooling.locks import ROOT

PLAIN, ENHANCED = ROOT / "render.yaml", ROOT / "render-enhanced.yaml"
BOTH = [pytest.param(PLAIN, id="render"), pytest.param(ENHANCED, id="enhanced")]


def read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def problems(blueprint: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(BLUEPRINT)
    return [each.message for each in validator.iter_errors(blueprint)] or disagreements(blueprint)


def services(path: Path) -> list[dict[str, Any]]:
    """What runs our code."""
    found = read(path.read_text(encoding="utf-8"))["services"]
    return [each for each in found if each["type"] != "keyvalue"]


def variables(path: Path, service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    blueprint = read(path.read_text(encoding="utf-8"))
    groups = {each["name"]: each["envVars"] for each in blueprint.get("envVarGroups", [])}
    every = [v for each in service["envVars"] for v in groups.get(each.get("fromGroup"), [each])]
    return {each["key"]: each for each in every}


@pytest.mark.parametrize("path", BOTH)
def test_a_blueprint_has_its_shape(path: Path) -> None:
    assert problems(read(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        (PLAIN, "autoDeployTrigger:", "autoDeployTriger:"),
        (PLAIN, 'autoDeployTrigger: "off"', "autoDeployTrigger: off"),
        (PLAIN, 'value: "100"', "value: 100"),
        (PLAIN, "runtime: python", "env: python"),
        (PLAIN, "runtime: python", "runtime: snake"),
        (PLAIN, "plan: starter", "plan: large"),
        (PLAIN, "type: web", "type: site"),
        (PLAIN, "healthCheckPath: /health", "healthCheckPath: health"),
        (PLAIN, "    healthCheckPath: /health\n", ""),
        (PLAIN, "generateValue: true", "generateValue: yes please"),
        (PLAIN, "sync: false", "sync: true"),
        (PLAIN, "sizeGB: 1", "sizeGB: 1.5"),
        (PLAIN, "mountPath: /var/data", "mountPath: /"),
        (PLAIN, "mountPath: /var/data", "path: /var/data"),
        (PLAIN, "maxShutdownDelaySeconds: 60", "maxShutdownDelaySeconds: 600"),
        (PLAIN, "key: PYTHON_VERSION", "key: NODE_VERSION"),
        (PLAIN, "key: AINEON_MODE", "key: PYTHON_VERSION"),
        (PLAIN, "buildCommand", "build"),
        (ENHANCED, "ipAllowList: []", "ipAllowList: [{source: 0.0.0.0/0}]"),
        (ENHANCED, "    ipAllowList: []\n", ""),
        (ENHANCED, 'postgresMajorVersion: "17"', "postgresMajorVersion: 17"),
        (ENHANCED, "plan: basic-256mb", "plan: starter"),
        (ENHANCED, "property: connectionString", "property: url"),
        (ENHANCED, "name: aineon-books\n          property", "name: books\n          property"),
        (ENHANCED, "type: keyvalue\n    name", "type: redis\n    name"),
        (ENHANCED, "type: keyvalue\n    name: aineon-news\n", "type: keyvalue\n"),
        (ENHANCED, "plan: starter\n    # From", "plan: basic-256mb\n    # From"),
        (
            ENHANCED,
            "ipAllowList: []\n    maxmemory",
            "ipAllowList: [{source: 0.0.0.0/0}]\n    maxmemory",
        ),
        (ENHANCED, "    ipAllowList: []\n    maxmemoryPolicy", "    maxmemoryPolicy"),
        (ENHANCED, "maxmemoryPolicy: noeviction", "maxmemoryPolicy: keep"),
        (ENHANCED, "maxmemoryPolicy: noeviction", "numInstances: 1"),
        (ENHANCED, "fromService:\n          type: keyvalue", "fromService:\n          type: web"),
        (ENHANCED, "fromService:\n          type: keyvalue\n", "fromService:\n"),
        (ENHANCED, "name: aineon-news\n          property", "name: news\n          property"),
        (
            ENHANCED,
            "name: aineon-news\n          property: connectionString",
            "name: aineon-news\n          property: url",
        ),
        (ENHANCED, "name: aineon-news\n    plan", "name: aineon-api\n    plan"),
        (ENHANCED, "fromGroup: aineon-common", "fromGroup: common"),
        (ENHANCED, "name: aineon-api", "name: aineon-console"),
        (ENHANCED, "numInstances: 1", "numInstances: 2"),
        (ENHANCED, 'schedule: "17 3 * * *"', 'schedule: "at night"'),
        (ENHANCED, "    schedule:", "    disk: {name: d, mountPath: /d}\n    schedule:"),
        (ENHANCED, "runtime: docker", "runtime: image"),
        (
            ENHANCED,
            "      - key: LOG_FORMAT\n        value: json",
            "      - key: LOG_FORMAT\n        sync: false",
        ),
    ],
)
def test_control_a_wrong_blueprint_is_refused(path: Path, right: str, wrong: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert right in text
    assert problems(read(text.replace(right, wrong, 1)))


@pytest.mark.parametrize("path", BOTH)
def test_it_runs_the_simulation_and_holds_no_secret(path: Path) -> None:
    for service in services(path):
        given = variables(path, service)
        assert service["autoDeployTrigger"] == "off"
        if service["type"] != "cron":
            assert given["AINEON_MODE"]["value"] == "simulation"
            assert given["DAILY_WITHDRAWAL_LIMIT"]["value"] == "100"
        secret = {name for name in given if re.search("KEY|SECRET|TOKEN|PASSWORD|URL", name)}
        assert all("value" not in given[name] for name in secret)
        assert "PRIVATE_KEY" not in given


@pytest.mark.parametrize("path", BOTH)
def test_every_variable_is_a_setting_and_is_taken(path: Path, tmp_path: Path) -> None:
    known = {parameter.env for parameter in PARAMETERS.values()}
    for service in services(path):
        given = variables(path, service)
        assert set(given) - {"PYTHON_VERSION"} <= known
        plain = {name: each["value"] for name, each in given.items() if "value" in each}
        # What Render generates: 256 bits in base64.
        generated = dict.fromkeys(
            (name for name, each in given.items() if "generateValue" in each),
            "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq+0=",
        )
        database = {
            # Which is looked into for saved settings; no server is here.
            name: f"sqlite:///{tmp_path / 'books.db'}"
            for name, each in given.items()
            if "fromDatabase" in each
        }
        # As it is reached from Render's private network.
        news = {
            name: "redis://red-d0abc1def2ghi3jkl4mn:6379"
            for name, each in given.items()
            if "fromService" in each
        }
        plain.pop("PYTHON_VERSION", None)
        load_settings(
            env={"RENDER": "true", "PORT": "10000", **plain, **generated, **database, **news}
        )


@pytest.mark.parametrize("path", BOTH)
def test_data_lies_on_the_disk(path: Path) -> None:
    for service in services(path):
        if "disk" in service:
            folder = variables(path, service)["AINEON_DATA_DIR"]["value"]
            assert folder.startswith(f"{service['disk']['mountPath']}/")
        else:
            assert "DATABASE_URL" in variables(path, service)


@pytest.mark.parametrize("path", BOTH)
def test_every_start_command_is_one_of_ours(path: Path) -> None:
    commands = get_command(app)
    for service in services(path):
        python, flag, module, *arguments = shlex.split(
            service.get("startCommand") or service["dockerCommand"]
        )
        assert (python, flag, module) == ("python", "-m", "aineon")
        found: Any = commands
        while arguments and not arguments[0].startswith("-"):
            found = found.commands[arguments.pop(0)]
        options = {name for each in found.params for name in each.opts}
        assert {each for each in arguments if each.startswith("--")} <= options


def test_whoever_is_reached_from_outside_has_a_token_to_be_set_up_by() -> None:
    for path in (PLAIN, ENHANCED):
        consoles = [each for each in services(path) if " up" in each.get("startCommand", "")]
        consoles += [each for each in services(path) if " console" in each.get("startCommand", "")]
        assert consoles
        for console in consoles:
            assert variables(path, console)["AINEON_SETUP_TOKEN"] == {
                "key": "AINEON_SETUP_TOKEN",
                "generateValue": True,
            }


def test_what_runs_apart_shares_database_mode_and_audit() -> None:
    apart = {each["name"]: variables(ENHANCED, each) for each in services(ENHANCED)}
    database = {str(given["DATABASE_URL"]) for given in apart.values()}
    assert len(database) == 1
    for name in ("aineon-engine", "aineon-console"):
        assert apart[name]["AINEON_AUDIT_MACHINES"]["value"] == "several"
        assert apart[name]["AINEON_SECRET_KEY"]["sync"] is False


def test_engine_and_replicas_of_the_stream_meet_at_one_key_value_instance() -> None:
    apart = {each["name"]: variables(ENHANCED, each) for each in services(ENHANCED)}
    taken = {name: given["REDIS_URL"] for name, given in apart.items() if "REDIS_URL" in given}
    assert set(taken) == {"aineon-engine", "aineon-console", "aineon-api"}
    assert len({str(each) for each in taken.values()}) == 1
    # It is optional: without it the same services are taken too.
    assert not any("REDIS_URL" in variables(PLAIN, each) for each in services(PLAIN))


def test_one_python_everywhere() -> None:
    pins = re.findall(r"PYTHON_VERSION\n +value: (\S+)", PLAIN.read_text() + ENHANCED.read_text())
    docker = ROOT / "deploy" / "docker"
    images = re.findall(
        r"^FROM python:([\d.]+)-",
        (docker / "Dockerfile").read_text() + (docker / "Dockerfile.dev").read_text(),
        re.MULTILINE,
    )
    assert len({*pins, *images}) == 1


def test_the_readme_has_the_button() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "https://render.com/deploy" in text
    assert "(docs/deploy.md)" in text
