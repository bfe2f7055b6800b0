import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
for folder in (TESTS / "corpus", TESTS / "static", TESTS.parent / "sample_models"):
    sys.path.insert(0, str(folder))
