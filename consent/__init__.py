"""Consent of an enterprise and the log that proves it: a leaf package an auditor can read alone."""
