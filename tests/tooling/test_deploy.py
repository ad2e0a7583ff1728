"""What lies in deploy/ is what its tools take; a tool that is not here is told in a notice."""

from __future__ import annotations

import configparser
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from aineon.runtime.settings import PARAMETERS
from tests.tooling.locks import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILES = sorted((DEPLOY / "docker").glob("Dockerfile*"))
TOKENS = {"AINEON_SETUP_TOKEN": "a" * 64, "AINEON_METRICS_TOKEN": "b" * 64}


def tool(name: str) -> str:
    """Where a program is: beside this interpreter, or on the path; skips where it is nowhere."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def run(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# --- images --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_finds_nothing(path: Path) -> None:
    done = run(tool("hadolint"), "--failure-threshold", "style", path)
    assert done.returncode == 0, done.stdout


def test_control_hadolint_would_find_a_floating_base(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nCMD python\n")
    assert run(tool("hadolint"), tmp_path / "Dockerfile").returncode != 0


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_images_stand_on_a_pinned_base_and_not_on_root(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-[a-z]+", base) for base in bases)
    last = text.split("\nFROM ")[-1]
    assert re.findall(r"^USER (\d+):\d+$", last, re.MULTILINE)[-1] != "0"
    assert not re.search(r"^(ARG|ENV) .*(TOKEN|PASSWORD|SECRET|PRIVATE)", text, re.MULTILINE)


def test_the_image_that_runs_is_built_from_the_lock_and_asked_for_its_health() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert text.count("\nFROM ") == 2
    assert "--require-hashes --only-binary :all:" in text
    assert "HEALTHCHECK" in text
    assert "/health" in text
    assert 'CMD ["python", "-m", "aineon", "up"' in text
    assert "AINEON_ENV_FILE=off" in text


def ignored(path: str, lines: list[str]) -> bool:
    """Whether Docker leaves `path` out: the last pattern that fits it, or a folder of it, says."""
    out = False
    folders = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 2)]
    for line in lines:
        pattern = line.lstrip("!")
        ends = pattern.removeprefix("**/")
        for each in folders:
            fits = fnmatch.fnmatchcase(each, pattern) or (
                ends != pattern and fnmatch.fnmatchcase(each.rpartition("/")[2], ends)
            )
            if fits:
                out = not line.startswith("!")
    return out


def test_no_secret_and_no_database_gets_into_an_image() -> None:
    text = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for secret in (
        ".env", ".env.local", "var/control.db", "var/live.db-wal", "control.anchor", ".git/config",
        "app/.env", "tests/x/live.db", ".streamlit/secrets.toml", "key-trading.json", "aineon/.env",
    ):  # fmt: skip
        assert ignored(secret, lines), secret
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "docker" / "Dockerfile").read_text(), re.MULTILINE
    )
    for source in " ".join(copied).split():
        assert (ROOT / source).exists(), source
        assert not ignored(source, lines), source


# --- compose -------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["simulation", "postgres", "proxy", "monitoring"])
def test_compose_takes_the_file(profile: str) -> None:
    docker = tool("docker")
    if run(docker, "compose", "version").returncode:
        pytest.skip("docker has no compose here")
    command = (docker, "compose", "--project-directory", ".", "-f", "deploy/compose.yaml")
    done = run(*command, "--profile", profile, "config", "--quiet", **TOKENS)
    assert done.returncode == 0, done.stderr
    assert run(*command, "--profile", profile, "config", "--quiet").returncode != 0


SERVICE_FIELDS = frozenset(
    {
        "build", "cap_add", "cap_drop", "command", "depends_on", "environment", "healthcheck",
        "image", "init", "logging", "mem_limit", "networks", "pids_limit", "ports", "profiles",
        "read_only", "restart", "secrets", "security_opt", "shm_size", "stop_grace_period",
        "stop_signal", "tmpfs", "user", "volumes",
    }
)  # fmt: skip


def compose_problems(compose: dict[str, Any]) -> list[str]:
    """Return what compose, or we, would not have: unknown fields, names that lead nowhere."""
    found = []
    for name, service in compose["services"].items():
        found += [f"{name}: {field}?" for field in service.keys() - SERVICE_FIELDS]
        found += [
            f"{name}: no network {each}" for each in {*service["networks"]} - {*compose["networks"]}
        ]
        found += [
            f"{name}: no secret {each}"
            for each in {*service.get("secrets", [])} - {*compose["secrets"]}
        ]
        found += [
            f"{name}: needs {each}"
            for each in {*service.get("depends_on", [])} - {*compose["services"]}
        ]
        sources = [volume.split(":")[0] for volume in service.get("volumes", [])]
        found += [
            f"{name}: no volume {each}"
            for each in sources
            if each not in compose["volumes"] and not (ROOT / each).exists()
        ]
        ports = service.get("ports", [])
        found += [f"{name}: {each} is public" for each in ports if "127.0.0.1:" not in each]
        image = service["image"]
        if not re.search(r":(local$|v?\d+\.\d+)", image):
            found.append(f"{name}: {image} floats")
        if (
            service["cap_drop"] != ["ALL"]
            or "no-new-privileges:true" not in service["security_opt"]
        ):
            found.append(f"{name} keeps rights")
        # A secret from the environment is written into the container.
        if service["read_only"] is not (not service.get("secrets")):
            found.append(f"{name}: read_only and secrets")
    return found


def test_compose_has_its_shape() -> None:
    assert compose_problems(COMPOSE) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("restart: unless-stopped", "restarts: unless-stopped"),
        ("read_only: true", "read_only: false"),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        ("no-new-privileges:true", "seccomp:unconfined"),
        ("127.0.0.1:8080:8080", "8080:8080"),
        ("networks: [books]", "networks: [bookss]"),
        ("image: nginx:1.28.0-alpine", "image: nginx:latest"),
        ("image: valkey/valkey:8.1.3-alpine", "image: valkey/valkey:alpine"),
        ("depends_on: [prometheus]", "depends_on: [prom]"),
        ('"metrics:/prometheus"', '"metric:/prometheus"'),
        ("./deploy/nginx/nginx.conf", "./deploy/nginx.conf"),
        ("secrets: [metrics_token]", "secrets: [token]"),
    ],
)
def test_control_a_wrong_compose_file_is_refused(right: str, wrong: str) -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert right in text
    assert compose_problems(yaml.safe_load(text.replace(right, wrong)))


def test_containers_are_told_settings_alone() -> None:
    known = {parameter.env for parameter in PARAMETERS.values()}
    for name in ("aineon", "engine", "console"):
        assert set(COMPOSE["services"][name]["environment"]) <= known


def test_the_console_is_given_no_node_and_the_books_lead_nowhere() -> None:
    console = COMPOSE["services"]["console"]
    assert not {key for key in console["environment"] if "RPC" in key or key.endswith("API_KEY")}
    assert COMPOSE["networks"]["books"]["internal"] is True
    assert set(COMPOSE["services"]["postgres"]["networks"]) == {"books"}
    assert "ports" not in COMPOSE["services"]["postgres"]
    assert "ports" not in COMPOSE["services"]["engine"]


def test_engine_and_console_meet_at_a_server_that_nobody_else_reaches_or_waits_for() -> None:
    services = COMPOSE["services"]
    told = {
        name: each["environment"].get("REDIS_URL")
        for name, each in services.items()
        if name in {"aineon", "engine", "console"}
    }
    assert told == {
        "aineon": None,
        "engine": "redis://valkey:6379/0",
        "console": "redis://valkey:6379/0",
    }
    assert set(services["valkey"]["networks"]) == {"books"}
    assert "ports" not in services["valkey"]
    assert not [n for n, each in services.items() if "valkey" in each.get("depends_on", {})]
    # Nothing of it is written down.
    assert "volumes" not in services["valkey"]


def test_no_password_has_a_default() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for name, default in re.findall(r"\$\{(\w*(?:PASSWORD|TOKEN))(?::-([^}]*))?", text):
        assert default in {"", "${AINEON_METRICS_TOKEN"}, name


# --- nginx ---------------------------------------------------------------------------------


def nginx_says(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "mime.types").write_text("types { text/html html; }\n")
    (folder / "nginx.conf").write_text(text)
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("nginx is not installed here")
    return run(found, "-t", "-p", folder, "-c", folder / "nginx.conf")


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    done = nginx_says(text, tmp_path)
    assert done.returncode == 0, done.stderr


def test_control_nginx_refuses_a_wrong_file(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    assert nginx_says(text.replace("proxy_read_timeout 1h", "proxy_red"), tmp_path).returncode


def test_the_proxy_lets_websockets_through_and_metrics_not() -> None:
    text = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    stream = text.split("location ~ ^/(_stcore|api/v1)/stream$ {")[1].split("}")[0]
    assert "proxy_set_header Upgrade $http_upgrade;" in stream
    assert "proxy_set_header Connection $connection_upgrade;" in stream
    assert "return 404;" in text.split("location = /metrics {")[1].split("}")[0]
    aliases = COMPOSE["services"]["console"]["networks"]["front"]["aliases"]
    assert f"http://{aliases[0]}:8501" in text


# --- Prometheus and Grafana ----------------------------------------------------------------


def test_promtool_takes_configuration_and_rules() -> None:
    promtool = tool("promtool")
    files = DEPLOY / "prometheus"
    for command in (
        ("check", "config", "--syntax-only", files / "prometheus.yml"),
        ("check", "rules", files / "alerts.yml"),
        ("test", "rules", files / "alerts_test.yml"),
    ):
        done = run(promtool, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_by_a_name_that_is_allowed() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    [job] = [each for each in jobs["scrape_configs"] if each["job_name"] == "aineon"]
    [target] = job["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    assert port == "8501"
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    for console in ("aineon", "console"):
        service = COMPOSE["services"][console]
        assert name in service["networks"]["front"]["aliases"]
        assert service["environment"]["AINEON_ALLOWED_HOSTS"].endswith(f",{name}")


def test_control_promtool_refuses_wrong_rules(tmp_path: Path) -> None:
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    (tmp_path / "alerts.yml").write_text(text.replace("== 0", "== = 0"))
    assert run(tool("promtool"), "check", "rules", tmp_path / "alerts.yml").returncode != 0


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all samples that a filled book, and an engine with a chain, lead to."""
    from prometheus_client import generate_latest

    from aineon.ledger.heartbeat import NodeTold
    from aineon.server.app import health_desk
    from aineon.server.doors import Doors
    from aineon.server.metrics import Metrics
    from tests.console.places import beat, fill, open_book
    from tests.server.served import settings_of

    folder = tmp_path_factory.mktemp("metrics")
    beat(folder, nodes=(NodeTold("alchemy", "healthy"),), memory_bytes=1)
    with open_book(folder) as store:
        fill(store)
    settings = settings_of(folder)
    registry = Metrics(settings, Doors(settings), health_desk(settings)).registry
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {sample.name for family in families for sample in family.samples} | {"up"}


def metrics_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:aineon|process)_[a-z_]+", text))


def test_alerts_ask_for_what_is_told(told: set[str]) -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    rules = [rule for group in groups["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert metrics_in(rule["expr"]) <= told, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]


def test_the_dashboard_asks_for_what_is_told(told: set[str]) -> None:
    file = DEPLOY / "grafana" / "dashboards" / "aineon.json"
    dashboard = json.loads(file.read_text(encoding="utf-8"))
    [source] = yaml.safe_load(
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8")
    )["datasources"]
    [provider] = yaml.safe_load(
        (DEPLOY / "grafana/provisioning/dashboards/aineon.yaml").read_text(encoding="utf-8")
    )["providers"]
    volumes = COMPOSE["services"]["grafana"]["volumes"]
    assert any(each.split(":")[1] == provider["options"]["path"] for each in volumes)
    assert dashboard["timezone"] == "utc"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == source["uid"]
        for target in panel["targets"]:
            assert metrics_in(target["expr"]) <= told, panel["title"]
            if "ether" in target["expr"]:
                assert {"{{book}}", "{{provenance}}"} <= set(
                    re.findall(r"\{\{\w+\}\}", target["legendFormat"])
                ), panel["title"]
    squares = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(squares) == len(set(squares)), "panels lie over each other"


# --- systemd -------------------------------------------------------------------------------


def test_the_unit_takes_rights_away() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / "aineon.service", encoding="utf-8")
    service = unit["Service"]
    assert service["User"] == "aineon"
    assert service["ExecStart"].endswith("-m aineon up")
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["RestartPreventExitStatus"] == "2"


def test_systemd_rates_the_unit_well() -> None:
    analyze = tool("systemd-analyze")
    unit = DEPLOY / "systemd" / "aineon.service"
    done = run(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit)
    if "offline" in done.stderr:
        pytest.skip("this systemd-analyze rates running services alone")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
