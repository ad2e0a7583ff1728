"""`python -m app` is `streamlit run app/server.py`, with a quicker start; flags are passed on.

Started from the repository root, where Streamlit's configuration lies.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Final

_SCRIPT: Final = Path("app") / "server.py"
_PLOTLY_CLASSES: Final = "plotly.graph_objects"


def main() -> None:
    """Run the console; returns only by ending the process."""
    # A sixth of the start went into looking for garbage among modules. `app.server` turns it on
    # again when all is loaded.
    gc.disable()
    # Streamlit dresses Plotly's Python classes at its own import, another tenth of the start. The
    # pages hand plain values to Plotly's JavaScript and use none of them.
    sys.modules[_PLOTLY_CLASSES] = None  # type: ignore[assignment]
    from streamlit.web.cli import main as streamlit

    del sys.modules[_PLOTLY_CLASSES]
    sys.argv = ["streamlit", "run", str(_SCRIPT), *sys.argv[1:]]
    streamlit()


if __name__ == "__main__":
    main()
