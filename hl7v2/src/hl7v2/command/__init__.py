"""The command `hl7v2`. Needs typer and rich: the extra `command`."""
