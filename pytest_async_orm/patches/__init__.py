"""The one room that knows private names of other packages, and the one mechanism by which their code is replaced.

`targets` lists every attribute that the plugin replaces, with the versions in which it was seen and the test that fails
when it is gone; `mechanism` puts replacements in and takes them out; `process` is what replacements reach; `atomics`,
`wrapper`, `executors` and `pytest_names` read what is private without replacing it. Django is imported by whoever
imports `atomics`, `wrapper` or `executors`, not before.
"""
