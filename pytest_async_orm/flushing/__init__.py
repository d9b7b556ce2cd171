"""The end of a transactional test: tables that hold no row are left alone, the outcome is that of Django's flush."""
