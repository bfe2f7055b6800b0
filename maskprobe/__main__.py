"""`python -m maskprobe`."""

from maskprobe.cli import main

if __name__ == "__main__":
    main()
