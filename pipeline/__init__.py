"""What every stage shares: events and their schemas, the worker loop, dead letters, progress, settings,
metrics and logs. Knows nothing of mappings, FHIR or any stage."""
