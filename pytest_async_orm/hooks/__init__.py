"""What the plugin's hooks do. They touch Django only inside functions."""
