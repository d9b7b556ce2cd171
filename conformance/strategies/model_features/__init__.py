"""Rows, querysets, instances and arguments of the models of `sample_app.model_features`."""
