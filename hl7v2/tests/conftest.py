"""Hypothesis as all tests here use it: a busy machine is no failure."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("hl7v2", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hl7v2")
