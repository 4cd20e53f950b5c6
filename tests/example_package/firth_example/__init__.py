"""Extends Firth with what a site of its own needs."""
