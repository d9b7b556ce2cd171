"""What async code around the ORM needs: one module for each job."""
