"""The enterprise portal: registration, authorizations, applications and loans."""
