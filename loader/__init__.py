"""One worker a sink: FHIR server, MongoDB."""
