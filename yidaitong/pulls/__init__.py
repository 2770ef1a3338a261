"""Pulls (调取): one data request under one consent, a line for each resource."""
