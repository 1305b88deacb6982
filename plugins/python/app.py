"""Runs Python in a sandbox. Not written yet."""
from wit_world import exports


class Tool(exports.Tool):
    def definitions(self):
        return []

    def call(self, name, arguments, context):
        raise NotImplementedError


class Session(exports.Session):
    def suspend(self):
        pass
