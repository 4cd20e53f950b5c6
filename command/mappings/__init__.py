"""Mappings at a desk: checked, compared and tried out on example rows without a stack, and sent to the api."""
