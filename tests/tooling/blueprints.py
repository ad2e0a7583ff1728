"""The part of Render's blueprint format (render.com/docs/blueprint-spec) that is in use here.

Written from its documentation, field by field, and narrower where we have a reason: what is not
listed is refused, numbers of variables are texts, native services pin their language's version.
"""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string", "minLength": 1}
_COUNT: Final = {"type": "integer", "minimum": 1}
_PLAN: Final = {"enum": ["free", "starter", "standard", "pro", "pro plus", "pro max", "pro ultra"]}
_KEY: Final = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _variable(**source: Any) -> dict[str, Any]:
    return _object(["key", *source], key=_KEY, **source)


_FROM_DATABASE: Final = _object(
    ["name", "property"],
    name=_TEXT,
    property={
        "enum": [
            "host", "port", "user", "password", "database",
            "connectionString", "connectionPoolString",
        ]
    },
)  # fmt: skip
# Other services could be taken from too; nothing here is.
_FROM_SERVICE: Final = _object(
    ["type", "name", "property"],
    type={"const": "keyvalue"},
    name=_TEXT,
    property={"enum": ["host", "port", "connectionString"]},
)
_VALUE: Final = _variable(value={"type": "string"})
_GENERATED: Final = _variable(generateValue={"const": True})
_VARIABLES: Final = {
    "type": "array",
    "items": {
        "anyOf": [
            _VALUE,
            _GENERATED,
            _variable(sync={"const": False}),
            _variable(fromDatabase=_FROM_DATABASE),
            _variable(fromService=_FROM_SERVICE),
            _object(["fromGroup"], fromGroup=_TEXT),
        ]
    },
}
_DISK: Final = _object(
    ["name", "mountPath"],
    name={"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
    mountPath={"type": "string", "pattern": "^/(?!(etc|opt|home|opt/render)?/?$)"},
    sizeGB=_COUNT,
)
_COMMON: Final[dict[str, Any]] = {
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
    "plan": _PLAN,
    "region": {"enum": ["oregon", "ohio", "virginia", "frankfurt", "singapore"]},
    "autoDeployTrigger": {"enum": ["off", "commit", "checksPass"]},
    "envVars": _VARIABLES,
}
_NATIVE: Final[dict[str, Any]] = {
    "runtime": {"const": "python"},
    "buildCommand": _TEXT,
    "startCommand": _TEXT,
}
_DOCKER: Final[dict[str, Any]] = {
    "runtime": {"const": "docker"},
    "dockerfilePath": _TEXT,
    "dockerContext": _TEXT,
    "dockerCommand": _TEXT,
}
_LASTING: Final[dict[str, Any]] = {
    "numInstances": _COUNT,
    "maxShutdownDelaySeconds": {"type": "integer", "minimum": 1, "maximum": 300},
    "disk": _DISK,
}
_HEALTH: Final = {"type": "string", "pattern": "^/"}


def _service(kind: str, how: dict[str, Any], needed: list[str], **more: Any) -> dict[str, Any]:
    named = ["type", "name", "plan", "autoDeployTrigger", "envVars"]
    return _object(
        [*named, *needed],
        type={"const": kind},
        **_COMMON,
        **how,
        **more,
    )


_BUILT: Final = ["runtime", "buildCommand", "startCommand"]
# None from outside, as of databases: the field is required, and empty is nobody.
_CLOSED: Final = {"type": "array", "maxItems": 0}
_KEY_VALUE: Final = _object(
    ["type", "name", "plan", "ipAllowList"],
    type={"const": "keyvalue"},
    name=_COMMON["name"],
    plan={"enum": ["free", "starter", "standard", "pro", "pro plus"]},
    region=_COMMON["region"],
    ipAllowList=_CLOSED,
    maxmemoryPolicy={
        "enum": [
            "noeviction",
            "allkeys-lfu",
            "allkeys-lru",
            "allkeys-random",
            "volatile-lfu",
            "volatile-lru",
            "volatile-random",
            "volatile-ttl",
        ]
    },
)
_SERVICES: Final = [
    _KEY_VALUE,
    _service("web", _NATIVE, [*_BUILT, "healthCheckPath"], healthCheckPath=_HEALTH, **_LASTING),
    _service("worker", _NATIVE, _BUILT, **_LASTING),
    # A cron job has no disk and no instances.
    _service("cron", _DOCKER, ["runtime", "dockerfilePath", "schedule"], schedule={
        "type": "string", "pattern": r"^([-0-9*/,]+ ){4}[-0-9*/,]+$",
    }),
]  # fmt: skip
_DATABASE: Final = _object(
    ["name", "plan", "ipAllowList"],
    name=_TEXT,
    plan={"type": "string", "pattern": r"^(free|(basic|pro|accelerated)-\d+(mb|gb))$"},
    postgresMajorVersion={"enum": ["13", "14", "15", "16", "17", "18"]},
    databaseName={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    user={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    diskSizeGB=_COUNT,
    # Render's default is everybody.
    ipAllowList=_CLOSED,
)
_GROUP: Final = _object(
    ["name", "envVars"],
    name=_TEXT,
    # A group cannot ask for a value, and takes none from elsewhere.
    envVars={"type": "array", "items": {"anyOf": [_VALUE, _GENERATED]}},
)

BLUEPRINT: Final = _object(
    ["services"],
    services={"type": "array", "minItems": 1, "items": {"anyOf": _SERVICES}},
    databases={"type": "array", "items": _DATABASE},
    envVarGroups={"type": "array", "items": _GROUP},
)


def disagreements(blueprint: dict[str, Any]) -> list[str]:
    """Return what no field says by itself: names that lead nowhere, or stand twice."""
    services = blueprint["services"]
    databases = {each["name"] for each in blueprint.get("databases", [])}
    groups = {each["name"]: each["envVars"] for each in blueprint.get("envVarGroups", [])}
    found = []
    names = [each["name"] for each in services]
    found += [f"{name} stands twice" for name in {*names} if names.count(name) > 1]
    stores = {each["name"] for each in services if each["type"] == "keyvalue"}
    for service in services:
        if service["type"] == "keyvalue":
            continue
        keys: list[str] = []
        for variable in service["envVars"]:
            group = variable.get("fromGroup")
            if group is not None and group not in groups:
                found.append(f"{service['name']} takes from group {group}, which is not there")
            keys += [each["key"] for each in groups.get(group, [])]
            keys += [variable["key"]] if "key" in variable else []
            database = variable.get("fromDatabase", {}).get("name")
            if database is not None and database not in databases:
                found.append(f"{service['name']} takes from {database}, which is not there")
            store = variable.get("fromService", {}).get("name")
            if store is not None and store not in stores:
                found.append(f"{service['name']} takes from {store}, which is not there")
        found += [f"{service['name']} has {key} twice" for key in {*keys} if keys.count(key) > 1]
        if service["runtime"] == "python" and "PYTHON_VERSION" not in keys:
            found.append(f"{service['name']} does not pin Python")
        if "disk" in service and service.get("numInstances", 1) > 1:
            found.append(f"{service['name']} has a disk and several instances")
    return found
