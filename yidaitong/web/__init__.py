"""What every page and every API call goes through."""
