"""`python -m aineon` is the `aineon` command."""

from aineon.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
