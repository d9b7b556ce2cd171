"""What differs by database: savepoints and states of the drivers' connections, first words of statements, servers."""
