"""Live rows: records of Kafka Connect's source connectors, as they come, become `extract` events like a batch's."""
