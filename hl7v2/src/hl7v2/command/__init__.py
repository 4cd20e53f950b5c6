"""The command `hl7v2`. Needs typer and rich: `firth-hl7v2[command]`."""
