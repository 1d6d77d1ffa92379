"""Write docs/rules/ and rules/schema.json (`make docs`)."""

from pathlib import Path

from curate.reference import write_reference

if __name__ == "__main__":
    root = Path(__file__).parent.parent
    write_reference(root / "docs" / "rules", root / "rules")
